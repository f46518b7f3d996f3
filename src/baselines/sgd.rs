//! Stochastic gradient descent, with momentum or a line search.

use super::{Phase, Turns};
use crate::kernels::{Active, Kernels, Vector, VectorOps};
use crate::optimizer::Outcome;
use crate::optimizer::{Kind, Resumable, STATE_WORDS, State};
use crate::optimizer::{RateSearch, Verdict};
use crate::{Armijo, Error, Request, Schedule};
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
    /// Whether the new point's loss is evaluated so that one that is not finite can be rolled back exactly: theta,
    /// not the velocity, which keeps what the step added.
    /// Costs one loss (1/3 gradient evaluation) a step; nothing with a line search, which evaluates it anyway.
    pub roll_back: bool,
}

impl Default for SgdConfig {
    fn default() -> Self {
        Self {
            learning_rate: Schedule::Constant(0.01),
            momentum: 0.0,
            nesterov: false,
            line_search: None,
            roll_back: true,
        }
    }
}

/// Gradient descent. Memory: 4 bytes a parameter beside theta's 4, 8 with momentum. Cost: one gradient
/// evaluation a step, and one loss with `roll_back`.
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
    turns: Turns,
    rate_search: RateSearch,
    gradient: V,
    velocity: Option<V>,
    kernels: PhantomData<K>,
}

impl<V: AsRef<[f32]> + AsMut<[f32]>> Sgd<V> {
    /// With the default kernels. The velocity is needed with momentum only, and starts at zero.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting that is out of range; [`Error::Length`] where momentum has no
    /// velocity of the gradient's length.
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
        if let Some(armijo) = config.line_search {
            armijo.check()?;
            if config.momentum > 0.0 {
                return Err(Error::Setting {
                    name: "momentum",
                    value: config.momentum,
                    expected: "0 together with a line search",
                });
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
            turns: Turns::new(config.roll_back),
            rate_search: RateSearch::default(),
            gradient,
            velocity,
            kernels: PhantomData,
        })
    }

    fn begun(&mut self, theta: &K::Vector) -> Result<Request, Error> {
        let rate = &self.config.learning_rate;
        self.turns.begin(self.gradient.as_ref().length(), theta, rate)
    }

    fn told_loss(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        match (self.turns.phase, self.config.line_search) {
            (Phase::Trial, Some(armijo)) => self.judge(theta, loss, armijo),
            (Phase::End, _) => self.turns.end(theta, self.gradient.as_ref(), loss),
            _ => self.turns.unexpected(),
        }
    }

    fn told_gradient(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        let answer = match self.turns.phase {
            Phase::Start => self.start(theta, loss),
            _ => self.turns.unexpected(),
        };
        if answer == Err(Error::NonFiniteUpdate) {
            self.rate_search.restart();
        }
        answer
    }

    fn give_up(&mut self) {
        self.rate_search.restart();
    }

    fn start(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        if let Some(armijo) = self.config.line_search {
            self.search(theta, loss, armijo)
        } else if self.velocity.is_some() {
            self.descend_with_momentum(theta, loss)
        } else {
            self.descend(theta, loss)
        }
    }

    /// In one pass, which is undone where what it found out says so.
    fn descend(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        let gradient = self.gradient.as_mut();
        let record = &mut self.turns.record;
        let rate = record.report.learning_rate;
        let (theta_squared, gradient_squared) = K::descend(theta, gradient, rate);
        if let Err(error) = record.start(loss, theta_squared, gradient_squared) {
            theta.copy_from(gradient);
            return Err(error);
        }
        let length = rate * record.report.gradient_norm;
        self.turns.moved(theta, gradient, length)
    }

    fn descend_with_momentum(
        &mut self,
        theta: &mut K::Vector,
        loss: f32,
    ) -> Result<Request, Error> {
        self.measure(theta, loss)?;
        let rate = self.turns.record.report.learning_rate;
        let (momentum, nesterov) = (self.config.momentum, self.config.nesterov);
        let gradient = self.gradient.as_mut();
        let squared = self.velocity.as_mut().map_or(0.0, |velocity| {
            let velocity = velocity.as_mut();
            K::descend_with_momentum(theta, velocity, gradient, rate, momentum, nesterov)
        });
        self.turns.moved(theta, gradient, libm::sqrtf(squared))
    }

    fn search(
        &mut self,
        theta: &mut K::Vector,
        loss: f32,
        armijo: Armijo,
    ) -> Result<Request, Error> {
        let gradient_squared = self.measure(theta, loss)?;
        let record = &self.turns.record;
        self.rate_search.start(&armijo, record.report.learning_rate, loss, gradient_squared);
        let rate = self.rate_search.rate;
        record.check_move(rate * record.report.gradient_norm)?;
        K::add_scaled(theta, -rate, self.gradient.as_ref());
        self.turns.ask_loss(Phase::Trial)
    }

    /// Checks and records what was found where the step starts; the squared norm of the gradient.
    fn measure(&mut self, theta: &K::Vector, loss: f32) -> Result<f32, Error> {
        let (theta_squared, gradient_squared) = K::squared_norms(theta, self.gradient.as_ref());
        self.turns.record.start(loss, theta_squared, gradient_squared)?;
        Ok(gradient_squared)
    }

    fn judge(
        &mut self,
        theta: &mut K::Vector,
        loss: f32,
        armijo: Armijo,
    ) -> Result<Request, Error> {
        match self.rate_search.judge(&armijo, loss) {
            Verdict::Accepted => {
                let rate = self.rate_search.rate;
                let report = &mut self.turns.record.report;
                report.learning_rate = rate;
                report.absolute_update = rate * report.gradient_norm;
                self.turns.done(Some(loss), Outcome::Converged)
            }
            Verdict::Retry(multiple) => {
                K::add_scaled(theta, -multiple, self.gradient.as_ref());
                self.turns.ask_loss(Phase::Trial)
            }
            Verdict::Stalled(multiple) => {
                K::add_scaled(theta, -multiple, self.gradient.as_ref());
                let loss = self.turns.record.report.loss_before;
                self.turns.done(Some(loss), Outcome::Stalled)
            }
        }
    }
}

by_turns!(Sgd on VectorOps, give_up);

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> Resumable for Sgd<V, K> {
    const KIND: Kind = Kind::SGD;
    const VECTORS: usize = 1;

    fn parameters(&self) -> usize {
        self.gradient.as_ref().len()
    }

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        tell("learning rate", &self.config.learning_rate.words());
        tell("momentum", &[self.config.momentum.to_bits()]);
        tell("nesterov", &[self.config.nesterov.into()]);
        match self.config.line_search {
            Some(armijo) => tell("line search", &armijo.words()),
            None => tell("line search", &[]),
        }
        tell("roll back", &[self.config.roll_back.into()]);
        tell("velocity", &[self.velocity.is_some().into()]);
    }

    fn state(&self) -> Result<State<'_>, Error> {
        let accepted = self.rate_search.accepted();
        let rate = accepted.unwrap_or(0.0).to_bits();
        let velocity = self.velocity.as_ref().map_or(&[][..], |velocity| velocity.as_ref());
        Ok(State {
            words: [self.turns.steps_done()?, accepted.is_some().into(), rate, 0],
            vectors: [velocity, &[]],
        })
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; 2], Error> {
        let [steps, accepted, rate, _] = words;
        self.turns.resume(steps)?;
        let accepted = accepted != 0;
        self.rate_search = RateSearch::resumed(accepted.then_some(f32::from_bits(rate)));
        let velocity = self.velocity.as_mut().map_or(&mut [][..], |velocity| velocity.as_mut());
        Ok([velocity, &mut []])
    }
}
