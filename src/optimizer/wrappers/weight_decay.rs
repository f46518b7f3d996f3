//! Weight decay as a penalty on the loss.

use crate::Error;
use crate::kernels::{Active, Kernels, Vector, VectorOps};
use crate::optimizer::{
    Evaluation, Kind, Optimizer, Parts, Request, Resumable, STATE_VECTORS, STATE_WORDS, Schedule,
    State, StepByPart,
};
use core::marker::PhantomData;

/// Any optimizer on the loss with `weight_decay * |theta|^2 / 2` added: losses and gradients alike,
/// so that line searches and footpoints see one function. (AdamW's decoupled decay is
/// [`AdamConfig::weight_decay`](crate::AdamConfig::weight_decay).)
///
/// Cost: one pass a loss, two a gradient.
///
/// ```
/// use rolling_ball::{RollingBall, RollingBallConfig, WeightDecay};
///
/// let ball = RollingBall::new(RollingBallConfig::default(), [[0.0; 10]; 2])?;
/// let decayed = WeightDecay::new(ball, 1e-4)?;
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct WeightDecay<O, K = Active> {
    inner: O,
    weight_decay: f32,
    kernels: PhantomData<K>,
}

impl<O: Optimizer> WeightDecay<O> {
    /// Adds the penalty.
    ///
    /// # Errors
    /// [`Error::Setting`] where `weight_decay` is not above 0.
    pub fn new(inner: O, weight_decay: f32) -> Result<Self, Error> {
        Self::with_backend(Active::default(), inner, weight_decay)
    }
}

impl<O: Optimizer<K::Vector>, K: VectorOps> WeightDecay<O, K> {
    /// As [`new`](WeightDecay::new), with the kernels named.
    ///
    /// # Errors
    /// As [`new`](WeightDecay::new).
    pub fn with_backend(_kernels: K, inner: O, weight_decay: f32) -> Result<Self, Error> {
        Error::check_positive("weight decay", weight_decay)?;
        Ok(Self { inner, weight_decay, kernels: PhantomData })
    }
}

impl<O, K: VectorOps> WeightDecay<O, K> {
    /// The optimizer inside.
    pub fn inner_mut(&mut self) -> &mut O {
        &mut self.inner
    }

    /// Gives the optimizer back, without the part.
    pub fn into_inner(self) -> O {
        self.inner
    }

    fn penalty(&self, theta: &K::Vector) -> f32 {
        self.weight_decay * K::dot(theta, theta) / 2.0
    }
}

impl<O: Optimizer<K::Vector>, K: VectorOps> WeightDecay<O, K> {
    /// Adds the slope of the penalty to the gradient that is about to be told.
    fn pull(&mut self, theta: &K::Vector) {
        let awaited = self.inner.awaits() == Some(Evaluation::Gradient);
        let gradient = self.inner.gradient_mut();
        // An answer that the inner optimizer will refuse must not touch its buffer.
        if awaited && theta.length() == gradient.length() {
            K::add_scaled(gradient, self.weight_decay, theta);
        }
    }
}

impl<O: Optimizer<K::Vector>, K: VectorOps> Optimizer<K::Vector> for WeightDecay<O, K> {
    fn begin(&mut self, theta: &mut K::Vector) -> Result<Request, Error> {
        self.inner.begin(theta)
    }

    fn tell_loss(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        let penalty = self.penalty(theta);
        self.inner.tell_loss(theta, loss + penalty)
    }

    fn tell_gradient(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        let penalty = self.penalty(theta);
        self.pull(theta);
        self.inner.tell_gradient(theta, loss + penalty)
    }

    pass_on!(K::Vector);
}

impl<O: StepByPart, K: Kernels> StepByPart for WeightDecay<O, K> {
    const DECOUPLED_DECAY: bool = O::DECOUPLED_DECAY;

    fn tell_gradient_by_part(
        &mut self,
        theta: &mut [f32],
        loss: f32,
        parts: &impl Parts,
    ) -> Result<Request, Error> {
        let penalty = self.penalty(theta);
        self.pull(theta);
        self.inner.tell_gradient_by_part(theta, loss + penalty, parts)
    }
}

impl<O: Resumable, K: Kernels> Resumable for WeightDecay<O, K> {
    const KIND: Kind = Kind::WEIGHT_DECAY.around(O::KIND);

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.inner.settings(tell);
        tell("weight decay", &[self.weight_decay.to_bits()]);
    }

    pass_on_state!();
}
