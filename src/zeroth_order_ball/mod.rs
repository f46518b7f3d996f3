//! A ball that needs losses only.

mod config;
mod diameter;
mod direction;

pub use config::ZerothOrderBallConfig;

use crate::kernels::{Active, Kernels};
use crate::math::sqrt;
use crate::optimizer::{
    Kind, Method, Next, Outcome, Rebind, Resumable, STATE_VECTORS, STATE_WORDS, State, StepByPart,
    StepRecord, StepState, next_step,
};
use crate::{Error, Schedule};
use core::marker::PhantomData;
use diameter::{Diameter, largest};
use direction::Direction;

/// A ball that needs losses only: no gradient, and no vector beside theta.
///
/// A step asks for the losses at both ends of a random diameter of the ball, `f(theta + r v)` and
/// `f(theta - r v)`, and moves along it by `rate r s / sqrt((s^2 + q) / 2)`, where `s` is their
/// slope and `q` the running mean of its square. So a loss that is multiplied by a number, or has
/// one added, is trained in the same way, and only the radius must be known. On the mean over the
/// directions, a slope of a diameter is that of the loss's average over the ball, which does not
/// see what is much smaller than the radius; where [`RollingBall`](crate::RollingBall) takes the
/// highest contact, this takes the average. Its kin are SPSA (Spall 1992), two-point random
/// smoothing (Nesterov and Spokoiny 2017), evolution strategies, and MeZO (Malladi et al. 2023),
/// which keeps the radius small. docs/losses_only.md compares them.
///
/// It is for what has no gradient: an engine that only infers, a controller, a calibration. In few
/// dimensions it also leaves wells and wrinkles that hold what follows a gradient. Where the loss
/// is smooth, or theta long, gradients are better. It does not evaluate the point that it ends at,
/// so it does not promise a loss there that is a number.
///
/// Memory: none a parameter beside theta's 4 bytes. Cost: two losses a step (2/3 of a gradient
/// evaluation), and five passes over theta that compute a component of the direction each.
///
/// # What a step promises
///
/// `begin` rounds theta: an element by half the distance between floats at most, at 2.5 radii more
/// than its size (and -0 becomes 0). From there on theta comes back to the bit: a step that is
/// refused, since a loss was not finite, ends where that left it, and the next takes another
/// direction. A step that is abandoned stays at the end of the diameter, as with every optimizer;
/// [`put_back`](Self::put_back) ends it in the middle.
///
/// In its report `loss_before` is the mean of the two losses, `gradient_norm` is the slope along
/// the diameter, and there is neither `loss_after` nor `parameter_norm`, which nobody needs. With
/// [`halve_when_refused`](crate::Optimizer::halve_when_refused) the radius is halved with the rate.
/// [`gradient_mut`](crate::Optimizer::gradient_mut) is empty. In
/// [`ClipNorm`](crate::ClipNorm), [`WeightDecay`](crate::WeightDecay) and
/// [`ByPart`](crate::ByPart) it has no gradient for them to change, so they change nothing or are
/// refused.
///
/// ```
/// use rolling_ball::{Optimizer, Request, ZerothOrderBall, ZerothOrderBallConfig};
///
/// // A bowl full of waves, in which gradients stop at once.
/// let loss = |theta: &[f32]| -> f32 {
///     theta.iter().map(|t| (t - 0.5) * (t - 0.5) - 0.2 * libm::cosf(30.0 * t)).sum()
/// };
/// let mut theta = [3.0, -2.0];
/// let config = ZerothOrderBallConfig::shrinking(2.0, theta.len(), 300);
/// let mut ball = ZerothOrderBall::new(config)?;
/// for _ in 0..300 {
///     let mut request = ball.begin(&mut theta)?;
///     while request == Request::Loss {
///         let value = loss(&theta);
///         request = ball.tell_loss(&mut theta, value)?;
///     }
/// }
/// assert!(theta.iter().all(|t| (t - 0.5).abs() < 0.3));
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ZerothOrderBall<K = Active> {
    config: ZerothOrderBallConfig,
    radius_set_at: u32,
    rate_set_at: u32,
    state: StepState<End, Radius>,
    record: StepRecord,
    /// Taken so far: one by each step that was begun.
    directions: u32,
    /// The root of the mean of the slopes' squares; no number before the first.
    slope: f32,
    /// The diameter of the step in progress.
    diameter: Diameter,
    kernels: PhantomData<K>,
}

/// The end of the diameter that a loss is asked about.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// The one that the direction points to.
    First,
    /// The other, with the loss at the first.
    Second(f32),
}

/// The radius of a step that begins.
#[derive(Clone, Copy, Debug)]
pub struct Radius(f32);

/// What is left in a step of the mean of the steps before.
const KEPT: f32 = 0.9;

impl ZerothOrderBall {
    /// A ball with the default kernels.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting that is out of range.
    pub fn new(config: ZerothOrderBallConfig) -> Result<Self, Error> {
        Self::with_backend(Active::default(), config)
    }
}

impl<K: Kernels> ZerothOrderBall<K> {
    /// As [`new`](ZerothOrderBall::new), with the kernels named.
    ///
    /// # Errors
    /// As [`new`](ZerothOrderBall::new).
    pub fn with_backend(_kernels: K, config: ZerothOrderBallConfig) -> Result<Self, Error> {
        config.check()?;
        Ok(Self {
            config,
            radius_set_at: 0,
            rate_set_at: 0,
            state: StepState::Idle,
            record: StepRecord::default(),
            directions: 0,
            slope: f32::NAN,
            diameter: Diameter::default(),
            kernels: PhantomData,
        })
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &ZerothOrderBallConfig {
        &self.config
    }

    /// Sets the radius from the next step on, from which a schedule counts.
    ///
    /// # Errors
    /// [`Error::Setting`]; the radius is unchanged.
    pub fn set_radius(&mut self, radius: Schedule) -> Result<(), Error> {
        radius.check("radius")?;
        (self.config.radius, self.radius_set_at) = (radius, next_step(self));
        Ok(())
    }

    /// Gives up the step in progress as [`abandon`](crate::Optimizer::abandon) does, and puts theta
    /// back to the middle of the diameter, to the bit. Does nothing where no step is in progress.
    ///
    /// # Errors
    /// [`Error::Length`] where theta is not as long as it was; the step goes on.
    pub fn put_back(&mut self, theta: &mut [f32]) -> Result<(), Error> {
        Error::check_length("theta", self.config.parameters, theta.len())?;
        match self.state {
            StepState::Trial(End::First) => self.diameter.return_from_first_end::<K>(theta),
            StepState::Trial(End::Second(_)) => self.diameter.return_and_move::<K>(theta, 0.0),
            _ => {}
        }
        self.state = StepState::Idle;
        Ok(())
    }

    /// How far to move along the diameter whose ends have these losses.
    fn length(&mut self, first: f32, second: f32) -> f32 {
        let radius = self.diameter.radius;
        // Halves, so that losses far apart do not overflow; what still does is as large as it gets.
        let slope = ((0.5 * first - 0.5 * second) / radius).clamp(-f32::MAX, f32::MAX);
        let size = slope.abs();
        let mean = if self.slope.is_finite() { self.slope.abs() } else { size };
        // In units of the larger of the two, so that no square is too large or too small.
        let unit = size.max(mean);
        self.record.report.gradient_norm = Some(size);
        self.record.report.loss_before = 0.5 * first + 0.5 * second;
        if unit == 0.0 {
            self.slope = 0.0;
            return 0.0;
        }
        let (size, mean) = (size / unit, mean / unit);
        let mean_squared = KEPT * (mean * mean) + (1.0 - KEPT) * (size * size);
        self.slope = unit * sqrt(mean_squared);
        let usual = sqrt((size * size + mean_squared) / 2.0);
        -(self.record.report.learning_rate * radius) * (slope / unit / usual)
    }
}

impl<K: Kernels> Method for ZerothOrderBall<K> {
    type Vector = [f32];
    type Loss = End;
    type Gradient = Radius;

    fn state(&self) -> &StepState<End, Radius> {
        &self.state
    }

    fn record(&self) -> &StepRecord {
        &self.record
    }

    fn turn_mut(&mut self) -> (&mut StepState<End, Radius>, &mut StepRecord) {
        (&mut self.state, &mut self.record)
    }

    fn parameters(&self) -> usize {
        self.config.parameters
    }

    fn gradient(&self) -> &[f32] {
        &[]
    }

    fn gradient_mut(&mut self) -> &mut [f32] {
        &mut []
    }

    fn learning_rate_mut(&mut self) -> (&mut Schedule, &mut u32) {
        (&mut self.config.learning_rate, &mut self.rate_set_at)
    }

    fn schedules(&mut self) -> impl Iterator<Item = (&mut Schedule, &mut u32)> {
        [
            (&mut self.config.learning_rate, &mut self.rate_set_at),
            (&mut self.config.radius, &mut self.radius_set_at),
        ]
        .into_iter()
    }

    fn begin(&mut self, step: u32, _: f32) -> Result<Radius, Error> {
        let radius = self.config.radius.checked_at("radius", step, self.radius_set_at)?;
        Error::check_positive("radius", radius)?;
        Ok(Radius((radius * self.record.rate_factor()).max(f32::MIN_POSITIVE)))
    }

    fn start(
        &mut self,
        theta: &mut [f32],
        Radius(radius): Radius,
    ) -> Result<Next<End, Radius>, Error> {
        self.record.start(0.0, K::dot(theta, theta), 0.0)?;
        self.record.check_move(Diameter::reach(radius))?;
        let direction = Direction::new::<K>(self.config.seed, self.directions, theta.len());
        self.directions = self.directions.wrapping_add(1);
        self.diameter = Diameter::new(direction, radius, largest::<K>(theta), theta.len());
        self.diameter.go_to_first_end::<K>(theta);
        Ok(Next::Trial(End::First))
    }

    fn told_loss(
        &mut self,
        theta: &mut [f32],
        at: End,
        loss: f32,
    ) -> Result<Next<End, Radius>, Error> {
        let diameter = self.diameter;
        match at {
            End::First if !loss.is_finite() => {
                diameter.return_from_first_end::<K>(theta);
                Err(Error::NonFiniteLoss)
            }
            End::First => {
                diameter.go_to_second_end::<K>(theta);
                Ok(Next::Trial(End::Second(loss)))
            }
            End::Second(_) if !loss.is_finite() => {
                diameter.return_and_move::<K>(theta, 0.0);
                Err(Error::NonFiniteLoss)
            }
            End::Second(first) => {
                let length = self.length(first, loss);
                let checked = self.record.check_move(length.abs());
                let length = if checked.is_ok() { length } else { 0.0 };
                diameter.return_and_move::<K>(theta, length);
                checked?;
                self.record.report.absolute_update = Some(length.abs());
                Ok(Next::Done(None, Outcome::Converged))
            }
        }
    }

    /// None is ever asked for.
    fn told_gradient(
        &mut self,
        _: &mut [f32],
        _: Radius,
        _: f32,
    ) -> Result<Next<End, Radius>, Error> {
        Err(Error::LOSS_EXPECTED)
    }
}

impl<K: Kernels> StepByPart for ZerothOrderBall<K> {}

impl<K: Kernels> Resumable for ZerothOrderBall<K> {
    const KIND: Kind = Kind::ZEROTH_ORDER_BALL;
    const VECTORS: usize = 0;

    fn parameters(&self) -> usize {
        self.config.parameters
    }

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.config.radius.tell("radius", self.radius_set_at, tell);
        self.config.learning_rate.tell("learning rate", self.rate_set_at, tell);
        tell("seed", &[self.config.seed]);
    }

    fn state(&self) -> Result<State<'_>, Error> {
        self.state.check_idle()?;
        let (slope, refusals) = (self.slope.to_bits(), self.record.refusals());
        let words = [self.record.steps(), self.directions, slope, refusals];
        Ok(State { words, vectors: [&[]; STATE_VECTORS] })
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error> {
        let [steps, directions, slope, refusals] = words;
        self.state.check_idle()?;
        self.record.resume(steps, refusals);
        (self.directions, self.slope) = (directions, f32::from_bits(slope));
        Ok([&mut [], &mut [], &mut [], &mut []])
    }
}

/// It has none.
impl<V, K> Rebind<V> for ZerothOrderBall<K> {
    fn rebind(&mut self, _: &mut impl FnMut(&mut V)) {}
}
