//! Prodigy: Adam that estimates its rate.

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

/// Settings of [`Prodigy`]: by default its paper's.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ProdigyConfig {
    /// What the distance that Prodigy estimates is multiplied by; the paper leaves it at 1, or
    /// lets it fall from there.
    pub learning_rate: Schedule,
    /// Decay of the mean of the gradient, 0 up to below 1.
    pub beta1: f32,
    /// Decay of the mean of the squared gradient, 0 up to below 1. The sums of the estimate decay
    /// by its root.
    pub beta2: f32,
    /// Added to the root of the second moment, in units of the distance; above 0.
    pub epsilon: f32,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// The estimate of the distance to begin with; above 0. It must be small enough to do no harm;
    /// from there the estimate grows by itself.
    pub initial_distance: f32,
    /// What an estimate is multiplied by, above 0: what to tune first, says the paper, if anything.
    pub distance_factor: f32,
    /// Whether the new point's loss is evaluated so that one that is not finite can be rolled back
    /// exactly: theta, not the moments and the estimate, which keep what the step added. Costs one
    /// loss (1/3 gradient evaluation) a step.
    pub roll_back: bool,
}

impl Default for ProdigyConfig {
    fn default() -> Self {
        Self {
            learning_rate: Schedule::Constant(1.0),
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            initial_distance: 1e-6,
            distance_factor: 1.0,
            roll_back: true,
        }
    }
}

/// Prodigy (Mishchenko and Defazio 2023) in the form of Adam: the rate is an estimate of how far
/// theta is from where it should be, which the gradients tell on the way from the start, and which
/// never falls. The moments are not corrected for their bias, as in the paper. Memory: 20 bytes a
/// parameter beside theta's 4, for the gradient, two moments, the sum of the estimate and the
/// start. Cost: one gradient evaluation a step, and one loss with `roll_back`.
///
/// The start is where theta is in the first step, and stays there when the optimizer is
/// [restarted](crate::Optimizer::restart).
///
/// ```
/// use rolling_ball::{Prodigy, ProdigyConfig, Schedule};
///
/// let learning_rate = Schedule::Cosine { from: 1.0, to: 0.0, steps: 100 };
/// let config = ProdigyConfig { learning_rate, ..ProdigyConfig::default() };
/// let prodigy = Prodigy::new(config, [[0.0; 10]; 5])?;
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Prodigy<V, K = Active> {
    config: ProdigyConfig,
    rate_set_at: u32,
    state: StepState<End, Start>,
    record: StepRecord,
    /// The estimate; 0 before the first step.
    distance: f32,
    /// The sum of how far the gradients point back to the start, decayed.
    numerator: f32,
    gradient: V,
    mean: V,
    variance: V,
    /// The sum of the gradients themselves, decayed, with the same weights.
    sum: V,
    start: V,
    kernels: PhantomData<K>,
}

impl<V: AsRef<[f32]> + AsMut<[f32]>> Prodigy<V> {
    /// An optimizer with the default kernels. The moments and the sum start at zero.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting that is out of range; [`Error::Length`] where the
    /// vectors differ in length.
    pub fn new(config: ProdigyConfig, workspace: [V; 5]) -> Result<Self, Error> {
        Self::with_backend(Active::default(), config, workspace)
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Prodigy<V, K> {
    /// As [`new`](Prodigy::new), with the kernels named.
    ///
    /// # Errors
    /// As [`new`](Prodigy::new).
    pub fn with_backend(
        _kernels: K,
        config: ProdigyConfig,
        [gradient, mut mean, mut variance, mut sum, start]: [V; 5],
    ) -> Result<Self, Error> {
        config.learning_rate.check("learning rate")?;
        Error::check_fraction("beta1", config.beta1)?;
        Error::check_fraction("beta2", config.beta2)?;
        Error::check_positive("epsilon", config.epsilon)?;
        Error::check_not_negative("weight decay", config.weight_decay)?;
        Error::check_positive("initial distance", config.initial_distance)?;
        Error::check_positive("distance factor", config.distance_factor)?;
        let length = gradient.as_ref().length();
        for vector in [&mean, &variance, &sum, &start] {
            Error::check_length("workspace", length, vector.as_ref().length())?;
        }
        for vector in [&mut mean, &mut variance, &mut sum] {
            vector.as_mut().fill(0.0);
        }
        Ok(Self {
            config,
            rate_set_at: 0,
            state: StepState::Idle,
            record: StepRecord::default(),
            distance: 0.0,
            numerator: 0.0,
            gradient,
            mean,
            variance,
            sum,
            start,
            kernels: PhantomData,
        })
    }
}

/// What a step does with its gradient, but for the new estimate.
#[derive(Clone, Copy)]
struct Weights {
    /// The estimate when the step began, by which the gradient is multiplied in the moments.
    distance: f32,
    /// The learning rate times that.
    rate: f32,
    /// Of the gradient in the sums of the estimate.
    scale: f32,
    /// What these sums are multiplied by before.
    decay: f32,
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Method for Prodigy<V, K> {
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
        let weights = self.weigh(theta, loss)?;
        let Weights { scale, decay, .. } = weights;
        let gradient = self.gradient.as_mut();
        let along = K::footpoint_sums(theta, self.start.as_ref(), gradient).along;
        let length = K::decay_and_add(self.sum.as_mut(), gradient, decay, scale);
        self.estimate(weights, scale * along, length)?;
        let coefficients = self.coefficients(weights);
        let gradient = self.gradient.as_mut();
        gradient.scale(weights.distance);
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

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Prodigy<V, K> {
    /// Checks and records what was found where the step starts.
    fn weigh(&mut self, theta: &K::Vector, loss: f32) -> Result<Weights, Error> {
        let (theta_squared, gradient_squared) = K::squared_norms(theta, self.gradient.as_ref());
        self.record.start(loss, theta_squared, gradient_squared)?;
        let ProdigyConfig { beta2, initial_distance, .. } = self.config;
        let distance = if self.distance > 0.0 { self.distance } else { initial_distance };
        let slope = distance * self.record.gradient_norm();
        // Else a moment would never be finite again.
        if !(slope * slope).is_finite() {
            return Err(Error::NonFiniteUpdate);
        }
        if distance != self.distance {
            self.start.as_mut().copy_from(theta);
            self.distance = distance;
        }
        let report = &mut self.record.report;
        report.learning_rate *= distance;
        let rate = report.learning_rate;
        // In units of the initial distance, so that the sums are not too small.
        let scale = distance / initial_distance * rate;
        Ok(Weights { distance, rate, scale, decay: sqrt(beta2) })
    }

    /// Adds to the estimate how far the gradient points back to the start, where the sum of the
    /// gradients has this length, by its absolute values.
    fn estimate(&mut self, weights: Weights, back: f32, length: f32) -> Result<(), Error> {
        self.numerator = weights.decay * self.numerator + back;
        if !(self.numerator.is_finite() && length.is_finite()) {
            // They would never be finite again, so the estimate begins anew from what it is.
            self.numerator = 0.0;
            self.sum.as_mut().fill(0.0);
            return Err(Error::NonFiniteUpdate);
        }
        let estimate = self.config.distance_factor * self.numerator / length;
        // Without a gradient it is no number.
        if estimate > self.distance && (estimate * estimate).is_finite() {
            self.distance = estimate;
        }
        Ok(())
    }

    /// Of the move, for a gradient that is multiplied by the distance.
    fn coefficients(&self, weights: Weights) -> AdamCoefficients {
        let ProdigyConfig { beta1, beta2, epsilon, weight_decay, .. } = self.config;
        AdamCoefficients {
            beta1,
            beta2,
            rate: weights.rate,
            second_correction: 1.0,
            // The product may be too small for a number, and nothing must not be divided by it.
            epsilon: (self.distance * epsilon).max(f32::MIN_POSITIVE),
            decay: weights.rate * weight_decay,
        }
    }
}

/// A longer gradient makes no longer step, so the rates multiply the moves themselves, and what the
/// parts add to the estimate.
impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> StepByPart for Prodigy<V, K> {
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

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> Prodigy<V, K> {
    fn step_by_part(
        &mut self,
        theta: &mut [f32],
        loss: f32,
        parts: &impl Parts,
    ) -> Result<Next<End, Start>, Error> {
        let weights = self.weigh(theta, loss)?;
        self.estimate_by_part(theta, weights, parts)?;
        let whole = self.coefficients(weights);
        self.gradient.as_mut().scale(weights.distance);
        let mut vectors =
            [&mut *theta, self.mean.as_mut(), self.variance.as_mut(), self.gradient.as_mut()];
        let mut squared = 0.0;
        parts.each(&mut |part| {
            let [theta, mean, variance, gradient] =
                vectors.each_mut().map(|vector| take_front(vector, part.length));
            let coefficients = AdamCoefficients {
                rate: part.rate * whole.rate,
                decay: part.rate * (whole.decay + weights.rate * part.decay),
                ..whole
            };
            squared += K::adam(theta, mean, variance, gradient, coefficients);
        });
        self.record.moved(theta, self.gradient.as_ref(), sqrt(squared))?;
        Ok(end(self.config.roll_back, End))
    }

    fn estimate_by_part(
        &mut self,
        theta: &[f32],
        weights: Weights,
        parts: &impl Parts,
    ) -> Result<(), Error> {
        let mut read = [theta, self.start.as_ref(), self.gradient.as_ref()];
        let mut sum = self.sum.as_mut();
        let (mut back, mut length) = (0.0, 0.0);
        parts.each(&mut |part| {
            let [theta, start, gradient] = read.each_mut().map(|slice| {
                let (front, rest) = slice.split_at_checked(part.length).unwrap_or_default();
                *slice = rest;
                front
            });
            let scale = part.rate * weights.scale;
            back += scale * K::footpoint_sums(theta, start, gradient).along;
            let sum = take_front(&mut sum, part.length);
            length += K::decay_and_add(sum, gradient, weights.decay, scale);
        });
        self.estimate(weights, back, length)
    }
}

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> Resumable for Prodigy<V, K> {
    const KIND: Kind = Kind::PRODIGY;
    const VECTORS: usize = 4;

    fn parameters(&self) -> usize {
        self.gradient.as_ref().len()
    }

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.config.learning_rate.tell("learning rate", self.rate_set_at, tell);
        tell("beta1", &[self.config.beta1.to_bits()]);
        tell("beta2", &[self.config.beta2.to_bits()]);
        tell("epsilon", &[self.config.epsilon.to_bits()]);
        tell("weight decay", &[self.config.weight_decay.to_bits()]);
        tell("initial distance", &[self.config.initial_distance.to_bits()]);
        tell("distance factor", &[self.config.distance_factor.to_bits()]);
        tell("roll back", &[self.config.roll_back.into()]);
    }

    fn state(&self) -> Result<State<'_>, Error> {
        self.state.check_idle()?;
        let (distance, numerator) = (self.distance.to_bits(), self.numerator.to_bits());
        let vectors = [&self.mean, &self.variance, &self.sum, &self.start];
        Ok(State {
            words: [self.record.steps(), distance, numerator, self.record.refusals()],
            vectors: vectors.map(|vector| vector.as_ref()),
        })
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error> {
        let [steps, distance, numerator, refusals] = words;
        self.state.check_idle()?;
        self.record.resume(steps, refusals);
        (self.distance, self.numerator) = (f32::from_bits(distance), f32::from_bits(numerator));
        let vectors = [&mut self.mean, &mut self.variance, &mut self.sum, &mut self.start];
        Ok(vectors.map(|vector| vector.as_mut()))
    }
}

impl<V, K> Rebind<V> for Prodigy<V, K> {
    fn rebind(&mut self, replace: &mut impl FnMut(&mut V)) {
        replace(&mut self.gradient);
        replace(&mut self.mean);
        replace(&mut self.variance);
        replace(&mut self.sum);
        replace(&mut self.start);
    }
}
