//! The rolling ball: Algorithm 1 of the paper (arXiv 2505.19527), in [`RollingBall::roll`].

mod any;
mod centre;
mod config;
mod footpoint;
mod gauss_newton;
mod gradient_descent;
mod lagged_contact;
mod nearest_point;
mod refreshed_contact;
mod resumable;

pub use any::{AnyCentreStep, AnyFootpoint, AnyRollingBall, AnyRollingBallConfig};
pub use centre::{ArcLength, CentreStep, Plain};
pub use config::RollingBallConfig;
pub use footpoint::Footpoint;
pub use gauss_newton::GaussNewton;
pub use gradient_descent::GradientDescent;
pub use lagged_contact::LaggedContact;
pub use refreshed_contact::RefreshedContact;

use crate::kernels::{Active, Kernels, Vector, VectorOps};
use crate::math::sqrt;
use crate::optimizer::{
    Method, Next, Outcome, StepByPart, StepRecord, StepState, Verdict, next_step,
};
use crate::{Error, Schedule};
use centre::{Choice, Geometry, Tangent};
use core::marker::PhantomData;
use footpoint::{Body, GradientAt, Pause, Vectors};

/// The rolling-ball optimizer (arXiv 2505.19527): the centre of a ball of a chosen radius rolls on
/// the graph of the loss, and theta is its contact with the graph.
///
/// `V` is the storage of its two vectors, each as long as theta: `[f32; N]` on a device, `Vec<f32>`
/// or `&mut [f32]` where the length is known at run time. `F` says how the new contact is found and
/// `C` how far the centre moves, so that a program links what its types name; [`AnyFootpoint`] and
/// [`AnyCentreStep`] leave the choice to the run time. `K` is the [`VectorOps`]; every choice gives
/// the same bits.
///
/// Memory: 8 bytes a parameter beside theta's 4. Cost of a step: that of its [`Footpoint`] and its
/// [`CentreStep`].
///
/// ```
/// use rolling_ball::{GaussNewton, RollingBall, RollingBallConfig};
///
/// const N: usize = 100;
/// let on_a_device = RollingBall::new(RollingBallConfig::fine_tuning(200), [[0.0; N]; 2])?;
/// let vectors = [vec![0.0; N], vec![0.0; N]];
/// let on_a_desktop = RollingBall::new(RollingBallConfig::default(), vectors)?;
/// let nearest = GaussNewton { max_iterations: 8, tolerance: 1e-2 };
/// let exact = RollingBallConfig::default().with_footpoint(nearest);
/// let exact = RollingBall::new(exact, [[0.0; N]; 2])?;
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RollingBall<
    V,
    F: Footpoint = LaggedContact,
    C: CentreStep = ArcLength,
    K: VectorOps = Active,
> {
    config: RollingBallConfig<F, C>,
    /// The steps from which on the schedules of the radius and of the rate count.
    radius_set_at: u32,
    rate_set_at: u32,
    state: StepState<LossAt<F, C>, GradientAt<F::Gradient>>,
    body: Body,
    /// What the footpoint and the centre step remember.
    footpoint: F::Search,
    centre_step: C::Search,
    gradient: V,
    /// What a footpoint keeps from step to step: the offset of the contact, or theta~.
    kept: V,
    kernels: PhantomData<K>,
}

/// Where the loss that was asked for leads.
#[derive(Debug)]
pub enum LossAt<F: Footpoint, C: CentreStep> {
    /// Step 2 tries a rate.
    CentreTrial(C::Trial),
    /// Step 2 has tried in vain, and theta is back where it began, up to rounding.
    Returned,
    /// Step 3 is under way.
    Footpoint(F::Loss),
}

impl<F: Footpoint, C: CentreStep> Clone for LossAt<F, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: Footpoint, C: CentreStep> Copy for LossAt<F, C> {}

/// What a ball asks for next.
type BallNext<F, C> = Next<LossAt<F, C>, GradientAt<<F as Footpoint>::Gradient>>;

impl<V, F, C, K> RollingBall<V, F, C, K>
where
    V: AsRef<K::Vector> + AsMut<K::Vector>,
    F: Footpoint,
    C: CentreStep,
    K: VectorOps,
{
    /// A step of Algorithm 1, from the loss and the gradient at the contact theta. Each of its
    /// three parts may have to wait for an answer first: then the step pauses there.
    fn roll(
        &mut self,
        theta: &mut K::Vector,
        loss: f32,
    ) -> Result<BallNext<F, C>, Pause<BallNext<F, C>>> {
        // 1. The ball rests on the graph.
        self.rest(theta, loss)?;
        // 2. Its centre moves along the tangent.
        let tangent = self.move_centre(theta)?;
        // 3. The new contact is the footpoint of the moved centre.
        Ok(self.find_footpoint(theta, tangent)?)
    }

    /// Step 1: the ball rests on the graph at theta. The normal there says where its centre is.
    fn rest(&mut self, theta: &mut K::Vector, loss: f32) -> Result<(), Pause<BallNext<F, C>>> {
        let (form, body, search, vectors) = self.form(theta);
        let rested = form.rest::<K>(body, search, vectors, loss);
        rested.map_err(|pause| pause.map(|next| next.map_loss(LossAt::Footpoint)))
    }

    /// Step 2: the centre moves along the tangent, as far as the rate says.
    fn move_centre(&mut self, theta: &mut K::Vector) -> Result<Tangent, Pause<BallNext<F, C>>> {
        let geometry = &mut self.body.geometry;
        match self.config.centre_step.choose(&mut self.centre_step, geometry) {
            Choice::Rate(rate) => Ok(Tangent { rate, tried: None }),
            Choice::Try(rate, trial) => {
                let length = (rate + geometry.reach) * sqrt(geometry.gradient_squared);
                self.body.record.check_move(length)?;
                if self.config.footpoint.lends_kept() {
                    K::perturb(theta, self.kept.as_mut(), self.gradient.as_ref(), -rate);
                } else {
                    self.move_along_gradient(theta, -rate);
                }
                Err(Pause::Asks(Next::Trial(LossAt::CentreTrial(trial))))
            }
        }
    }

    /// Step 3: the new contact is the footpoint of the moved centre, which is the nearest point of
    /// the graph, or an estimate of it.
    fn find_footpoint(
        &mut self,
        theta: &mut K::Vector,
        tangent: Tangent,
    ) -> Result<BallNext<F, C>, Error> {
        self.body.displace(tangent)?;
        let (form, body, search, vectors) = self.form(theta);
        let next = form.leave::<K>(body, search, vectors, tangent)?;
        Ok(next.map_loss(LossAt::Footpoint))
    }

    /// The loss at a rate that step 2 tried.
    fn judge_rate(
        &mut self,
        theta: &mut K::Vector,
        trial: C::Trial,
        loss: f32,
    ) -> Result<BallNext<F, C>, Error> {
        match self.config.centre_step.judge(&mut self.centre_step, trial, loss) {
            Verdict::Accepted(rate) => {
                self.find_footpoint(theta, Tangent { rate, tried: Some(loss) })
            }
            Verdict::Retry { rejected, rate } => {
                if self.config.footpoint.lends_kept() {
                    K::descend_from(theta, self.kept.as_ref(), self.gradient.as_ref(), rate);
                } else {
                    self.move_along_gradient(theta, rejected - rate);
                }
                Ok(Next::Trial(LossAt::CentreTrial(trial)))
            }
            Verdict::Stalled { rejected } => Ok(self.give_up(theta, rejected)),
        }
    }

    /// No rate was accepted: theta goes back to where the step began. The contact forms need all
    /// three vectors until a rate is accepted, so there it goes back only up to rounding, and the
    /// loss is evaluated where it then is.
    fn give_up(&mut self, theta: &mut K::Vector, rejected: f32) -> BallNext<F, C> {
        let Geometry { reach, loss, .. } = self.body.geometry;
        if !self.config.footpoint.lends_kept() {
            self.move_along_gradient(theta, rejected);
            return Next::Trial(LossAt::Returned);
        }
        let kept = self.kept.as_mut();
        theta.copy_from(kept);
        // The ball rests there with its own normal.
        K::descend_from(kept, theta, self.gradient.as_ref(), reach);
        self.footpoint = self.config.footpoint.resumed(1.0);
        self.body.resting = true;
        Next::Done(Some(loss), Outcome::Stalled)
    }

    // A pass of its own: inlined it would be in the binary once a caller.
    #[inline(never)]
    fn move_along_gradient(&mut self, theta: &mut K::Vector, multiple: f32) {
        K::add_scaled(theta, multiple, self.gradient.as_ref());
    }

    /// The form, and what it works with.
    fn form<'a>(
        &'a mut self,
        theta: &'a mut K::Vector,
    ) -> (F, &'a mut Body, &'a mut F::Search, Vectors<'a, K::Vector>) {
        let (gradient, kept) = (self.gradient.as_mut(), self.kept.as_mut());
        let vectors = Vectors { theta, gradient, kept };
        (self.config.footpoint, &mut self.body, &mut self.footpoint, vectors)
    }
}

impl<V, F, C, K> Method for RollingBall<V, F, C, K>
where
    V: AsRef<K::Vector> + AsMut<K::Vector>,
    F: Footpoint,
    C: CentreStep,
    K: VectorOps,
{
    type Vector = K::Vector;
    type Loss = LossAt<F, C>;
    type Gradient = GradientAt<F::Gradient>;

    fn begin(&mut self, step: u32, rate: f32) -> Result<Self::Gradient, Error> {
        let RollingBallConfig { radius, loss_scale, footpoint, .. } = &self.config;
        let radius = radius.checked_at("radius", step, self.radius_set_at)?;
        self.body.geometry =
            Geometry { loss_scale: *loss_scale, radius, rate, ..Geometry::default() };
        footpoint.begin(&mut self.footpoint);
        Ok(GradientAt::Contact)
    }

    fn told_gradient(
        &mut self,
        theta: &mut K::Vector,
        at: Self::Gradient,
        loss: f32,
    ) -> Result<BallNext<F, C>, Error> {
        match at {
            GradientAt::Contact => self.roll(theta, loss).or_else(Pause::asked),
            GradientAt::Footpoint(at) => {
                let (form, body, search, vectors) = self.form(theta);
                let next = form.told_gradient::<K>(body, search, vectors, at, loss)?;
                Ok(next.map_loss(LossAt::Footpoint))
            }
        }
    }

    fn told_loss(
        &mut self,
        theta: &mut K::Vector,
        at: Self::Loss,
        loss: f32,
    ) -> Result<BallNext<F, C>, Error> {
        match at {
            LossAt::CentreTrial(trial) => self.judge_rate(theta, trial, loss),
            LossAt::Returned if loss.is_finite() => {
                Ok(Next::Done(Some(loss), Outcome::StalledNearby))
            }
            LossAt::Returned => Err(Error::NonFiniteLoss),
            LossAt::Footpoint(at) => {
                let (form, body, search, vectors) = self.form(theta);
                let next = form.told_loss::<K>(body, search, vectors, at, loss)?;
                Ok(next.map_loss(LossAt::Footpoint))
            }
        }
    }

    /// A contact form then rests on theta with its own normal.
    fn forget(&mut self) {
        self.body.resting = false;
        self.centre_step = C::Search::default();
    }

    fn centre<'a>(&'a mut self, theta: &'a K::Vector) -> &'a K::Vector {
        let (out, kept) = (self.gradient.as_mut(), self.kept.as_ref());
        if self.body.resting {
            self.config.footpoint.centre::<K>(&self.footpoint, out, theta, kept);
        } else {
            out.copy_from(theta);
        }
        out
    }

    fn state(&self) -> &StepState<Self::Loss, Self::Gradient> {
        &self.state
    }

    fn record(&self) -> &StepRecord {
        &self.body.record
    }

    fn turn_mut(&mut self) -> (&mut StepState<Self::Loss, Self::Gradient>, &mut StepRecord) {
        (&mut self.state, &mut self.body.record)
    }

    fn gradient(&self) -> &K::Vector {
        self.gradient.as_ref()
    }

    fn gradient_mut(&mut self) -> &mut K::Vector {
        self.gradient.as_mut()
    }

    fn learning_rate_mut(&mut self) -> (&mut Schedule, &mut u32) {
        (&mut self.config.learning_rate, &mut self.rate_set_at)
    }

    fn schedules(&mut self) -> impl Iterator<Item = (&mut Schedule, &mut u32)> {
        let RollingBallConfig { radius, learning_rate, .. } = &mut self.config;
        [(radius, &mut self.radius_set_at), (learning_rate, &mut self.rate_set_at)].into_iter()
    }
}

impl<V, F, C, K> StepByPart for RollingBall<V, F, C, K>
where
    V: AsRef<[f32]> + AsMut<[f32]>,
    F: Footpoint,
    C: CentreStep,
    K: Kernels,
{
}

impl<V: AsRef<[f32]> + AsMut<[f32]>, F: Footpoint, C: CentreStep> RollingBall<V, F, C> {
    /// A ball with the default kernels. The workspace's content does not matter.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting that is out of range; [`Error::Length`] where the two
    /// vectors differ in length.
    pub fn new(config: RollingBallConfig<F, C>, workspace: [V; 2]) -> Result<Self, Error> {
        Self::with_backend(Active::default(), config, workspace)
    }
}

impl<V, F, C, K> RollingBall<V, F, C, K>
where
    V: AsRef<K::Vector> + AsMut<K::Vector>,
    F: Footpoint,
    C: CentreStep,
    K: VectorOps,
{
    /// As [`new`](RollingBall::new), on the vectors and with the kernels of a backend.
    ///
    /// # Errors
    /// As [`new`](RollingBall::new).
    pub fn with_backend(
        _backend: K,
        config: RollingBallConfig<F, C>,
        [gradient, kept]: [V; 2],
    ) -> Result<Self, Error> {
        config.check()?;
        Error::check_length("workspace", gradient.as_ref().length(), kept.as_ref().length())?;
        Ok(Self {
            config,
            radius_set_at: 0,
            rate_set_at: 0,
            state: StepState::Idle,
            body: Body { roll_back: config.roll_back, ..Body::default() },
            footpoint: F::Search::default(),
            centre_step: C::Search::default(),
            gradient,
            kept,
            kernels: PhantomData,
        })
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &RollingBallConfig<F, C> {
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
}
