//! DoG: distance over gradients.

use super::{End, Start, end};
use crate::kernels::{Active, Kernels, Vector, VectorOps};
use crate::math::sqrt;
use crate::optimizer::{
    Kind, Method, Next, Outcome, Rebind, Resumable, STATE_VECTORS, STATE_WORDS, State, StepByPart,
    StepRecord, StepState,
};
use crate::{Error, Schedule};
use core::marker::PhantomData;

/// Settings of [`Dog`]: by default its paper's, but for the average, which takes memory.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DogConfig {
    /// What the rate that DoG finds is multiplied by; the paper leaves it at 1.
    pub learning_rate: Schedule,
    /// How far theta is taken to have moved before the first step, as a part of `1 + |theta|`;
    /// above 0. It must be small enough to do no harm; from there the distance grows by itself.
    pub initial_distance: f32,
    /// Added to the sum of the squared gradients, to keep the quotient finite; above 0.
    pub epsilon: f32,
    /// Whether the average of the steps is kept, to be deployed in theta's place:
    /// [`centre`](crate::Optimizer::centre) gives it. The paper calls it crucial, as the rate never
    /// falls to 0 by itself; a learning rate that does is the other way.
    pub average: bool,
    /// Whether the new point's loss is evaluated so that one that is not finite can be rolled back
    /// exactly: theta, not the sum of the gradients, which keeps what the step added. Costs one
    /// loss (1/3 gradient evaluation) a step.
    pub roll_back: bool,
}

impl Default for DogConfig {
    fn default() -> Self {
        Self {
            learning_rate: Schedule::Constant(1.0),
            initial_distance: 1e-6,
            epsilon: 1e-8,
            average: false,
            roll_back: true,
        }
    }
}

/// DoG, distance over gradients (Ivgi, Hinder and Carmon 2023): gradient descent whose rate is the
/// largest distance from the start so far, divided by the root of the sum of all squared gradients.
/// No rate has to be tuned. Memory: 8 bytes a parameter beside theta's 4, 12 with the average.
/// Cost: one gradient evaluation a step, and one loss with `roll_back`.
///
/// The start is where theta is in the first step, and stays there when the optimizer is
/// [restarted](crate::Optimizer::restart); the average begins anew then. The average weighs late
/// steps more: the newest of `t` has weight `9 / (8 + t)`. In [`ByPart`](crate::ByPart) only the
/// ratio between the rates of the parts matters, since a gradient that is longer all over makes no
/// longer step.
///
/// ```
/// use rolling_ball::{Dog, DogConfig};
///
/// let plain = Dog::new(DogConfig::default(), [[0.0; 10]; 2], None)?;
/// let averaging = DogConfig { average: true, ..DogConfig::default() };
/// let dog = Dog::new(averaging, [[0.0; 10]; 2], Some([0.0; 10]))?;
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dog<V, K = Active> {
    config: DogConfig,
    rate_set_at: u32,
    state: StepState<End, Start>,
    record: StepRecord,
    /// The largest from the start; 0 before the first step.
    distance: f32,
    /// The sum of the squared norms.
    gradients: f32,
    gradient: V,
    start: V,
    average: Option<V>,
    kernels: PhantomData<K>,
}

/// How much an average prefers late steps: that of the authors' code.
const LATE: f32 = 8.0;

impl<V: AsRef<[f32]> + AsMut<[f32]>> Dog<V> {
    /// An optimizer with the default kernels. The last vector is needed with the average only.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting that is out of range; [`Error::Length`] where the
    /// vectors differ in length, or an average is wanted and has no vector.
    pub fn new(config: DogConfig, workspace: [V; 2], average: Option<V>) -> Result<Self, Error> {
        Self::with_backend(Active::default(), config, workspace, average)
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Dog<V, K> {
    /// As [`new`](Dog::new), with the kernels named.
    ///
    /// # Errors
    /// As [`new`](Dog::new).
    pub fn with_backend(
        _kernels: K,
        config: DogConfig,
        [gradient, start]: [V; 2],
        average: Option<V>,
    ) -> Result<Self, Error> {
        config.learning_rate.check("learning rate")?;
        Error::check_positive("initial distance", config.initial_distance)?;
        Error::check_positive("epsilon", config.epsilon)?;
        let length = gradient.as_ref().length();
        Error::check_length("workspace", length, start.as_ref().length())?;
        let average = average.filter(|_| config.average);
        if config.average {
            let actual = average.as_ref().map_or(0, |average| average.as_ref().length());
            Error::check_length("average", length, actual)?;
        }
        Ok(Self {
            config,
            rate_set_at: 0,
            state: StepState::Idle,
            record: StepRecord::default(),
            distance: 0.0,
            gradients: 0.0,
            gradient,
            start,
            average,
            kernels: PhantomData,
        })
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Method for Dog<V, K> {
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
        self.choose_rate(theta, loss)?;
        let gradient = self.gradient.as_mut();
        let rate = self.record.report.learning_rate;
        let length = rate * self.record.gradient_norm();
        // The sums of the pass are known already.
        _ = K::descend(theta, gradient, rate);
        self.record.moved(theta, gradient, length)?;
        if !self.config.roll_back {
            self.add_to_average(theta);
        }
        Ok(end(self.config.roll_back, End))
    }

    fn told_loss(
        &mut self,
        theta: &mut K::Vector,
        End: End,
        loss: f32,
    ) -> Result<Next<End, Start>, Error> {
        self.add_to_average(theta);
        Ok(Next::Done(Some(loss), Outcome::Converged))
    }

    fn centre<'a>(&'a mut self, theta: &'a K::Vector) -> &'a K::Vector {
        match &self.average {
            Some(average) if self.record.steps() > 0 => average.as_ref(),
            _ => theta,
        }
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Dog<V, K> {
    /// Checks and records what was found where the step starts, and the rate that follows from it.
    fn choose_rate(&mut self, theta: &K::Vector, loss: f32) -> Result<(), Error> {
        let first = self.distance == 0.0;
        if first {
            self.start.as_mut().copy_from(theta);
        }
        let sums = K::footpoint_sums(theta, self.start.as_ref(), self.gradient.as_ref());
        self.record.start(loss, K::dot(theta, theta), sums.gradient)?;
        let DogConfig { initial_distance, epsilon, .. } = self.config;
        let (distance, before) = if first {
            (initial_distance * (1.0 + self.record.parameter_norm()), epsilon)
        } else {
            (sqrt(sums.distance), self.gradients)
        };
        if !distance.is_finite() {
            return Err(Error::NonFiniteUpdate);
        }
        self.distance = self.distance.max(distance);
        // At an infinite sum no step would ever move again.
        self.gradients = (before + sums.gradient).min(f32::MAX);
        self.record.report.learning_rate *= self.distance / sqrt(self.gradients);
        Ok(())
    }

    /// The step that ends at theta counts.
    fn add_to_average(&mut self, theta: &K::Vector) {
        let Some(average) = &mut self.average else { return };
        match self.record.steps() {
            0 => average.as_mut().copy_from(theta),
            steps => {
                let steps = steps as f32;
                K::rescale_move(average.as_mut(), theta, steps / (LATE + 1.0 + steps));
            }
        }
    }
}

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> StepByPart for Dog<V, K> {}

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> Resumable for Dog<V, K> {
    const KIND: Kind = Kind::DOG;
    const VECTORS: usize = 2;

    fn parameters(&self) -> usize {
        self.gradient.as_ref().len()
    }

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.config.learning_rate.tell("learning rate", self.rate_set_at, tell);
        tell("initial distance", &[self.config.initial_distance.to_bits()]);
        tell("epsilon", &[self.config.epsilon.to_bits()]);
        tell("average", &[self.config.average.into()]);
        tell("roll back", &[self.config.roll_back.into()]);
    }

    fn state(&self) -> Result<State<'_>, Error> {
        self.state.check_idle()?;
        let (distance, gradients) = (self.distance.to_bits(), self.gradients.to_bits());
        let average = self.average.as_ref().map_or(&[][..], |average| average.as_ref());
        Ok(State {
            words: [self.record.steps(), distance, gradients, self.record.refusals()],
            vectors: [self.start.as_ref(), average, &[], &[]],
        })
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error> {
        let [steps, distance, gradients, refusals] = words;
        self.state.check_idle()?;
        self.record.resume(steps, refusals);
        (self.distance, self.gradients) = (f32::from_bits(distance), f32::from_bits(gradients));
        let average = self.average.as_mut().map_or(&mut [][..], |average| average.as_mut());
        Ok([self.start.as_mut(), average, &mut [], &mut []])
    }
}

impl<V, K> Rebind<V> for Dog<V, K> {
    fn rebind(&mut self, replace: &mut impl FnMut(&mut V)) {
        replace(&mut self.gradient);
        replace(&mut self.start);
        if let Some(average) = &mut self.average {
            replace(average);
        }
    }
}
