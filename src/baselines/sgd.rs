//! Stochastic gradient descent, with momentum or a line search.

use super::{Start, end};
use crate::kernels::{Active, Kernels, Vector, VectorOps};
use crate::math::sqrt;
use crate::optimizer::{
    Kind, Method, Next, Outcome, RateSearch, Rebind, Resumable, STATE_VECTORS, STATE_WORDS, State,
    StepByPart, StepRecord, StepState, Verdict,
};
use crate::{Armijo, Error, Schedule};
use core::marker::PhantomData;

/// Settings of [`Sgd`].
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SgdConfig {
    /// Learning rate.
    pub learning_rate: Schedule,
    /// Momentum, 0 up to below 1.
    pub momentum: f32,
    /// Whether the gradient looks ahead (Nesterov).
    pub nesterov: bool,
    /// Finds the rate by a line search; not together with momentum.
    pub line_search: Option<Armijo>,
    /// Whether the new point's loss is evaluated so that one that is not finite can be rolled back
    /// exactly: theta, not the velocity, which keeps what the step added. Costs one loss (1/3
    /// gradient evaluation) a step; nothing with a line search, which evaluates it anyway.
    pub roll_back: bool,
    /// Measures every so many steps, from the first on: 1 in each of them. The norms of theta and
    /// of the gradient take a quarter of a step of a small network on a Cortex-M4F.
    ///
    /// A step between them moves theta to the same bits. It looks at the loss alone: one that is
    /// not finite is refused, and theta stays where it was. It takes no norm (in its report they
    /// are `None`), it keeps no theta to go back to, and with `roll_back` it asks for no loss. So a
    /// gradient that is not finite, or a move that overflows, goes into theta, and cannot be
    /// undone. It is found by a loss that is not finite, or else by the next step that measures,
    /// which is refused with [`Error::NonFiniteParameters`]; both leave theta as it is then. Who
    /// takes more than 1 keeps a copy of theta, such as a checkpoint.
    ///
    /// With momentum it saves a pass of two. Not together with a line search, which needs the norm
    /// of each gradient.
    pub measure_every: u32,
}

impl Default for SgdConfig {
    fn default() -> Self {
        Self {
            learning_rate: Schedule::Constant(0.01),
            momentum: 0.0,
            nesterov: false,
            line_search: None,
            roll_back: true,
            measure_every: 1,
        }
    }
}

/// Gradient descent. Memory: 4 bytes a parameter beside theta's 4, 8 with momentum. Cost: one
/// gradient evaluation a step, and one loss with `roll_back`.
///
/// ```
/// use rolling_ball::{Sgd, SgdConfig};
///
/// let plain = Sgd::new(SgdConfig::default(), [0.0; 10], None)?;
/// let momentum = SgdConfig { momentum: 0.9, ..SgdConfig::default() };
/// let sgd = Sgd::new(momentum, [0.0; 10], Some([0.0; 10]))?;
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sgd<V, K = Active> {
    config: SgdConfig,
    rate_set_at: u32,
    state: StepState<SgdLoss, Start>,
    record: StepRecord,
    rate_search: RateSearch,
    gradient: V,
    velocity: Option<V>,
    kernels: PhantomData<K>,
}

impl<V: AsRef<[f32]> + AsMut<[f32]>> Sgd<V> {
    /// An optimizer with the default kernels. The velocity is needed with momentum only, and starts
    /// at zero.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting that is out of range; [`Error::Length`] where momentum
    /// has no velocity of the gradient's length.
    pub fn new(config: SgdConfig, gradient: V, velocity: Option<V>) -> Result<Self, Error> {
        Self::with_backend(Active::default(), config, gradient, velocity)
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Sgd<V, K> {
    /// As [`new`](Sgd::new), with the kernels named.
    ///
    /// # Errors
    /// As [`new`](Sgd::new).
    pub fn with_backend(
        _kernels: K,
        config: SgdConfig,
        gradient: V,
        mut velocity: Option<V>,
    ) -> Result<Self, Error> {
        config.learning_rate.check("learning rate")?;
        Error::check_fraction("momentum", config.momentum)?;
        let refused = |name, value, expected| Err(Error::Setting { name, value, expected });
        let every = config.measure_every;
        if every == 0 {
            return refused("measure every", 0.0, "1 step or more");
        }
        if let Some(armijo) = config.line_search {
            armijo.check()?;
            if config.momentum > 0.0 {
                return refused("momentum", config.momentum, "0 together with a line search");
            }
            if every > 1 {
                return refused("measure every", every as f32, "1 together with a line search");
            }
        }
        let length = velocity.as_ref().map_or(0, |velocity| velocity.as_ref().length());
        if config.momentum > 0.0 || velocity.is_some() {
            Error::check_length("velocity", gradient.as_ref().length(), length)?;
        }
        if let Some(velocity) = &mut velocity {
            velocity.as_mut().fill(0.0);
        }
        Ok(Self {
            config,
            rate_set_at: 0,
            state: StepState::Idle,
            record: StepRecord::default(),
            rate_search: RateSearch::default(),
            gradient,
            velocity,
            kernels: PhantomData,
        })
    }
}

/// What a loss was asked for.
#[derive(Clone, Copy, Debug)]
pub enum SgdLoss {
    /// A rate that the line search tries.
    Trial,
    /// The end of the step.
    End,
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Method for Sgd<V, K> {
    type Vector = K::Vector;
    type Loss = SgdLoss;
    type Gradient = Start;

    method_fields!(learning_rate from rate_set_at);

    fn begin(&mut self, _: u32, _: f32) -> Result<Start, Error> {
        Ok(Start)
    }

    fn told_gradient(
        &mut self,
        theta: &mut K::Vector,
        Start: Start,
        loss: f32,
    ) -> Result<Next<SgdLoss, Start>, Error> {
        if let Some(armijo) = self.config.line_search {
            return self.search(theta, loss, armijo);
        }
        if !self.record.report.step.is_multiple_of(self.config.measure_every) {
            self.descend_unmeasured(theta, loss)?;
            return Ok(end(false, SgdLoss::End));
        }
        if self.velocity.is_some() {
            self.measure(theta, loss)?;
            let moved_squared = self.descend_with_momentum(theta);
            self.record.moved(theta, self.gradient.as_ref(), sqrt(moved_squared))?;
        } else {
            self.descend(theta, loss)?;
        }
        Ok(end(self.config.roll_back, SgdLoss::End))
    }

    fn told_loss(
        &mut self,
        theta: &mut K::Vector,
        at: SgdLoss,
        loss: f32,
    ) -> Result<Next<SgdLoss, Start>, Error> {
        // A constant configuration without a line search links none.
        match (at, self.config.line_search) {
            (SgdLoss::Trial, Some(armijo)) => Ok(self.judge(theta, loss, armijo)),
            _ => Ok(Next::Done(Some(loss), Outcome::Converged)),
        }
    }

    fn forget(&mut self) {
        self.rate_search = RateSearch::default();
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Sgd<V, K> {
    /// In one pass, which is undone where what it found out says so.
    fn descend(&mut self, theta: &mut K::Vector, loss: f32) -> Result<(), Error> {
        let gradient = self.gradient.as_mut();
        let record = &mut self.record;
        let rate = record.report.learning_rate;
        let (theta_squared, gradient_squared) = K::descend(theta, gradient, rate);
        record
            .start(loss, theta_squared, gradient_squared)
            .inspect_err(|_| theta.copy_from(gradient))?;
        let length = rate * record.gradient_norm();
        record.moved(theta, gradient, length)
    }

    /// The squared length of the move.
    fn descend_with_momentum(&mut self, theta: &mut K::Vector) -> f32 {
        let rate = self.record.report.learning_rate;
        let (momentum, nesterov) = (self.config.momentum, self.config.nesterov);
        let gradient = self.gradient.as_mut();
        self.velocity.as_mut().map_or(0.0, |velocity| {
            let velocity = velocity.as_mut();
            K::descend_with_momentum(theta, velocity, gradient, rate, momentum, nesterov)
        })
    }

    /// To where a step that measures moves, but with a look at the loss alone.
    fn descend_unmeasured(&mut self, theta: &mut K::Vector, loss: f32) -> Result<(), Error> {
        self.record.start_unmeasured(loss)?;
        if self.velocity.is_some() {
            _ = self.descend_with_momentum(theta);
        } else {
            let rate = self.record.report.learning_rate;
            K::add_scaled(theta, -rate, self.gradient.as_ref());
        }
        Ok(())
    }

    fn search(
        &mut self,
        theta: &mut K::Vector,
        loss: f32,
        armijo: Armijo,
    ) -> Result<Next<SgdLoss, Start>, Error> {
        let gradient_squared = self.measure(theta, loss)?;
        let record = &self.record;
        self.rate_search.start(&armijo, record.report.learning_rate, loss, gradient_squared);
        let rate = self.rate_search.rate;
        record.check_move(rate * record.gradient_norm())?;
        // Leaves the start in the gradient's buffer: every trial lies on the line from there.
        _ = K::descend(theta, self.gradient.as_mut(), rate);
        Ok(Next::Trial(SgdLoss::Trial))
    }

    /// Checks and records what was found where the step starts; the squared norm of the gradient.
    fn measure(&mut self, theta: &K::Vector, loss: f32) -> Result<f32, Error> {
        let (theta_squared, gradient_squared) = K::squared_norms(theta, self.gradient.as_ref());
        self.record.start(loss, theta_squared, gradient_squared)?;
        Ok(gradient_squared)
    }

    fn judge(&mut self, theta: &mut K::Vector, loss: f32, armijo: Armijo) -> Next<SgdLoss, Start> {
        match self.rate_search.judge(&armijo, loss) {
            Verdict::Accepted(rate) => {
                self.record.report.learning_rate = rate;
                self.record.add_move(rate * self.record.gradient_norm());
                Next::Done(Some(loss), Outcome::Converged)
            }
            Verdict::Retry { .. } => {
                K::rescale_move(theta, self.gradient.as_ref(), armijo.shrink);
                Next::Trial(SgdLoss::Trial)
            }
            Verdict::Stalled { .. } => {
                theta.copy_from(self.gradient.as_ref());
                Next::Done(Some(self.record.report.loss_before), Outcome::Stalled)
            }
        }
    }
}

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> StepByPart for Sgd<V, K> {}

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> Resumable for Sgd<V, K> {
    const KIND: Kind = Kind::SGD;
    const VECTORS: usize = 1;

    fn parameters(&self) -> usize {
        self.gradient.as_ref().len()
    }

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.config.learning_rate.tell("learning rate", self.rate_set_at, tell);
        tell("momentum", &[self.config.momentum.to_bits()]);
        tell("nesterov", &[self.config.nesterov.into()]);
        match self.config.line_search {
            Some(armijo) => tell("line search", &armijo.encode()),
            None => tell("line search", &[]),
        }
        tell("roll back", &[self.config.roll_back.into()]);
        tell("velocity", &[self.velocity.is_some().into()]);
        // Checkpoints of earlier versions have none.
        if self.config.measure_every > 1 {
            tell("measure every", &[self.config.measure_every]);
        }
    }

    fn state(&self) -> Result<State<'_>, Error> {
        self.state.check_idle()?;
        let accepted = self.rate_search.accepted();
        let rate = accepted.unwrap_or(0.0).to_bits();
        let velocity = self.velocity.as_ref().map_or(&[][..], |velocity| velocity.as_ref());
        Ok(State {
            words: [self.record.steps(), accepted.is_some().into(), rate, self.record.refusals()],
            vectors: [velocity, &[], &[], &[]],
        })
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error> {
        let [steps, accepted, rate, refusals] = words;
        self.state.check_idle()?;
        self.record.resume(steps, refusals);
        let accepted = accepted != 0;
        self.rate_search = RateSearch::resumed(accepted.then_some(f32::from_bits(rate)));
        let velocity = self.velocity.as_mut().map_or(&mut [][..], |velocity| velocity.as_mut());
        Ok([velocity, &mut [], &mut [], &mut []])
    }
}

impl<V, K> Rebind<V> for Sgd<V, K> {
    fn rebind(&mut self, replace: &mut impl FnMut(&mut V)) {
        replace(&mut self.gradient);
        if let Some(velocity) = &mut self.velocity {
            replace(velocity);
        }
    }
}
