//! Adam and AdamW.

use super::{End, Start, end};
use crate::chunks::take_front;
use crate::kernels::{Active, AdamCoefficients, Kernels, Vector, VectorOps};
use crate::math::sqrt;
use crate::optimizer::{
    Kind, Method, Next, Outcome, Parts, Rebind, Request, Resumable, STATE_VECTORS, STATE_WORDS,
    State, StepByPart, StepRecord, StepState, awaited_gradient,
};
use crate::{Error, Schedule};
use core::marker::PhantomData;

/// Settings of [`Adam`].
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AdamConfig {
    /// Learning rate.
    pub learning_rate: Schedule,
    /// Decay of the mean of the gradient, 0 up to below 1.
    pub beta1: f32,
    /// Decay of the mean of the squared gradient, 0 up to below 1.
    pub beta2: f32,
    /// Added to the root of the second moment; above 0.
    pub epsilon: f32,
    /// Decoupled weight decay: above 0 it is AdamW.
    pub weight_decay: f32,
    /// Whether the new point's loss is evaluated so that one that is not finite can be rolled back
    /// exactly: theta, not the moments, which keep what the step added. Costs one loss (1/3
    /// gradient evaluation) a step.
    pub roll_back: bool,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            learning_rate: Schedule::Constant(0.001),
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            roll_back: true,
        }
    }
}

/// Adam (Kingma and Ba 2015), with decoupled weight decay AdamW (Loshchilov and Hutter 2019).
/// Memory: 12 bytes a parameter beside theta's 4. Cost: one gradient evaluation a step, and one
/// loss with `roll_back`.
///
/// ```
/// use rolling_ball::{Adam, AdamConfig};
///
/// let adam = Adam::new(AdamConfig::default(), [[0.0; 10]; 3])?;
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Adam<V, K = Active> {
    config: AdamConfig,
    rate_set_at: u32,
    state: StepState<End, Start>,
    record: StepRecord,
    /// `beta1^t` and `beta2^t`.
    powers: (f32, f32),
    gradient: V,
    mean: V,
    variance: V,
    kernels: PhantomData<K>,
}

impl<V: AsRef<[f32]> + AsMut<[f32]>> Adam<V> {
    /// An optimizer with the default kernels. The moments start at zero.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting that is out of range; [`Error::Length`] where the
    /// vectors differ in length.
    pub fn new(config: AdamConfig, workspace: [V; 3]) -> Result<Self, Error> {
        Self::with_backend(Active::default(), config, workspace)
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Adam<V, K> {
    /// As [`new`](Adam::new), with the kernels named.
    ///
    /// # Errors
    /// As [`new`](Adam::new).
    pub fn with_backend(
        _kernels: K,
        config: AdamConfig,
        [gradient, mut mean, mut variance]: [V; 3],
    ) -> Result<Self, Error> {
        config.learning_rate.check("learning rate")?;
        Error::check_fraction("beta1", config.beta1)?;
        Error::check_fraction("beta2", config.beta2)?;
        Error::check_positive("epsilon", config.epsilon)?;
        Error::check_not_negative("weight decay", config.weight_decay)?;
        let length = gradient.as_ref().length();
        Error::check_length("workspace", length, mean.as_ref().length())?;
        Error::check_length("workspace", length, variance.as_ref().length())?;
        mean.as_mut().fill(0.0);
        variance.as_mut().fill(0.0);
        Ok(Self {
            config,
            rate_set_at: 0,
            state: StepState::Idle,
            record: StepRecord::default(),
            powers: (1.0, 1.0),
            gradient,
            mean,
            variance,
            kernels: PhantomData,
        })
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Method for Adam<V, K> {
    type Vector = K::Vector;
    type Loss = End;
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
    ) -> Result<Next<End, Start>, Error> {
        let coefficients = self.coefficients(theta, loss)?;
        let gradient = self.gradient.as_mut();
        let (mean, variance) = (self.mean.as_mut(), self.variance.as_mut());
        let squared = K::adam(theta, mean, variance, gradient, coefficients);
        self.record.moved(theta, gradient, sqrt(squared))?;
        Ok(end(self.config.roll_back, End))
    }

    fn told_loss(
        &mut self,
        _: &mut K::Vector,
        End: End,
        loss: f32,
    ) -> Result<Next<End, Start>, Error> {
        Ok(Next::Done(Some(loss), Outcome::Converged))
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Adam<V, K> {
    /// Checks and records what was found where the step starts; what it does to each element.
    fn coefficients(&mut self, theta: &K::Vector, loss: f32) -> Result<AdamCoefficients, Error> {
        let (theta_squared, gradient_squared) = K::squared_norms(theta, self.gradient.as_ref());
        self.record.start(loss, theta_squared, gradient_squared)?;
        let AdamConfig { beta1, beta2, epsilon, weight_decay, .. } = self.config;
        let rate = self.record.report.learning_rate;
        self.powers = (self.powers.0 * beta1, self.powers.1 * beta2);
        Ok(AdamCoefficients {
            beta1,
            beta2,
            rate: rate / (1.0 - self.powers.0),
            second_correction: 1.0 / (1.0 - self.powers.1),
            epsilon,
            decay: rate * weight_decay,
        })
    }
}

/// A longer gradient makes no longer step, so the rates multiply the moves themselves.
impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> StepByPart for Adam<V, K> {
    const DECOUPLED_DECAY: bool = true;

    fn tell_gradient_by_part(
        &mut self,
        theta: &mut [f32],
        loss: f32,
        parts: &impl Parts,
    ) -> Result<Request, Error> {
        let Start = awaited_gradient(self, theta)?;
        let next = self.step_by_part(theta, loss, parts);
        self.ask(next)
    }
}

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> Adam<V, K> {
    fn step_by_part(
        &mut self,
        theta: &mut [f32],
        loss: f32,
        parts: &impl Parts,
    ) -> Result<Next<End, Start>, Error> {
        let whole = self.coefficients(theta, loss)?;
        let rate = self.record.report.learning_rate;
        let mut vectors =
            [&mut *theta, self.mean.as_mut(), self.variance.as_mut(), self.gradient.as_mut()];
        let mut squared = 0.0;
        parts.each(&mut |part| {
            let [theta, mean, variance, gradient] =
                vectors.each_mut().map(|vector| take_front(vector, part.length));
            let coefficients = AdamCoefficients {
                rate: part.rate * whole.rate,
                decay: part.rate * (whole.decay + rate * part.decay),
                ..whole
            };
            squared += K::adam(theta, mean, variance, gradient, coefficients);
        });
        self.record.moved(theta, self.gradient.as_ref(), sqrt(squared))?;
        Ok(end(self.config.roll_back, End))
    }
}

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> Resumable for Adam<V, K> {
    const KIND: Kind = Kind::ADAM;
    const VECTORS: usize = 2;

    fn parameters(&self) -> usize {
        self.gradient.as_ref().len()
    }

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.config.learning_rate.tell("learning rate", self.rate_set_at, tell);
        tell("beta1", &[self.config.beta1.to_bits()]);
        tell("beta2", &[self.config.beta2.to_bits()]);
        tell("epsilon", &[self.config.epsilon.to_bits()]);
        tell("weight decay", &[self.config.weight_decay.to_bits()]);
        tell("roll back", &[self.config.roll_back.into()]);
    }

    fn state(&self) -> Result<State<'_>, Error> {
        self.state.check_idle()?;
        let (first, second) = self.powers;
        Ok(State {
            words: [self.record.steps(), first.to_bits(), second.to_bits(), self.record.refusals()],
            vectors: [self.mean.as_ref(), self.variance.as_ref(), &[], &[]],
        })
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error> {
        let [steps, first, second, refusals] = words;
        self.state.check_idle()?;
        self.record.resume(steps, refusals);
        self.powers = (f32::from_bits(first), f32::from_bits(second));
        Ok([self.mean.as_mut(), self.variance.as_mut(), &mut [], &mut []])
    }
}

impl<V, K> Rebind<V> for Adam<V, K> {
    fn rebind(&mut self, replace: &mut impl FnMut(&mut V)) {
        replace(&mut self.gradient);
        replace(&mut self.mean);
        replace(&mut self.variance);
    }
}
