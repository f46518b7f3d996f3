//! Parts that any optimizer can take: they shape the answers on their way in.

use super::{Evaluation, Kind, Optimizer, Request, Resumable, STATE_WORDS, Schedule, State};
use crate::Error;
use crate::kernels::{Active, Kernels, Vector, VectorOps};
use crate::math::sqrt;
use core::marker::PhantomData;

/// Any optimizer with its gradients clipped to a norm.
///
/// Cost: one pass over the gradient, two where it is clipped. A line search or a footpoint then works with a
/// gentler slope than the loss has, which is safe but no longer exact.
///
/// ```
/// use rolling_ball::{ClipNorm, Sgd, SgdConfig};
///
/// let sgd = Sgd::new(SgdConfig::default(), [0.0; 10], None)?;
/// let clipped = ClipNorm::new(sgd, 1.0)?;
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClipNorm<O, K = Active> {
    inner: O,
    largest: f32,
    kernels: PhantomData<K>,
}

impl<O: Optimizer> ClipNorm<O> {
    /// Clips gradients longer than `largest` to that length.
    ///
    /// # Errors
    /// [`Error::Setting`] where `largest` is not above 0.
    pub fn new(inner: O, largest: f32) -> Result<Self, Error> {
        Self::with_backend(Active::default(), inner, largest)
    }
}

impl<O: Optimizer<K::Vector>, K: VectorOps> ClipNorm<O, K> {
    /// As [`new`](ClipNorm::new), with the kernels named.
    ///
    /// # Errors
    /// As [`new`](ClipNorm::new).
    pub fn with_backend(_kernels: K, inner: O, largest: f32) -> Result<Self, Error> {
        Error::check_positive("clip norm", largest)?;
        Ok(Self { inner, largest, kernels: PhantomData })
    }
}

impl<O, K> ClipNorm<O, K> {
    /// The optimizer inside.
    pub fn inner_mut(&mut self) -> &mut O {
        &mut self.inner
    }

    /// Gives the optimizer back, without the part.
    pub fn into_inner(self) -> O {
        self.inner
    }
}

/// Any optimizer on the loss with `weight_decay * |theta|^2 / 2` added: losses and gradients alike, so that
/// line searches and footpoints see one function. (AdamW's decoupled decay is
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

impl<O: Optimizer<K::Vector>, K: VectorOps> Optimizer<K::Vector> for ClipNorm<O, K> {
    fn begin(&mut self, theta: &mut K::Vector) -> Result<Request, Error> {
        self.inner.begin(theta)
    }

    fn tell_loss(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        self.inner.tell_loss(theta, loss)
    }

    fn tell_gradient(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        // An answer that the inner optimizer will refuse must not touch its buffer.
        if self.awaits() == Some(Evaluation::Gradient)
            && theta.length() == self.inner.gradient_mut().length()
        {
            let gradient = self.inner.gradient_mut();
            let norm = sqrt(K::dot(gradient, gradient));
            if norm.is_finite() && norm > self.largest {
                gradient.scale(self.largest / norm);
            }
        }
        self.inner.tell_gradient(theta, loss)
    }

    fn gradient_mut(&mut self) -> &mut K::Vector {
        self.inner.gradient_mut()
    }

    fn awaits(&self) -> Option<Evaluation> {
        self.inner.awaits()
    }

    fn abandon(&mut self) {
        self.inner.abandon();
    }

    fn steps(&self) -> u32 {
        self.inner.steps()
    }

    fn restart(&mut self) -> Result<(), Error> {
        self.inner.restart()
    }

    fn set_learning_rate(&mut self, rate: Schedule) -> Result<(), Error> {
        self.inner.set_learning_rate(rate)
    }

    fn centre<'a>(&'a mut self, theta: &'a K::Vector) -> Result<&'a K::Vector, Error> {
        self.inner.centre(theta)
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
        // An answer that the inner optimizer will refuse must not touch its buffer.
        if self.awaits() == Some(Evaluation::Gradient)
            && theta.length() == self.inner.gradient_mut().length()
        {
            K::add_scaled(self.inner.gradient_mut(), self.weight_decay, theta);
        }
        self.inner.tell_gradient(theta, loss + penalty)
    }

    fn gradient_mut(&mut self) -> &mut K::Vector {
        self.inner.gradient_mut()
    }

    fn awaits(&self) -> Option<Evaluation> {
        self.inner.awaits()
    }

    fn abandon(&mut self) {
        self.inner.abandon();
    }

    fn steps(&self) -> u32 {
        self.inner.steps()
    }

    fn restart(&mut self) -> Result<(), Error> {
        self.inner.restart()
    }

    fn set_learning_rate(&mut self, rate: Schedule) -> Result<(), Error> {
        self.inner.set_learning_rate(rate)
    }

    fn centre<'a>(&'a mut self, theta: &'a K::Vector) -> Result<&'a K::Vector, Error> {
        self.inner.centre(theta)
    }
}

impl<O: Resumable, K: Kernels> Resumable for ClipNorm<O, K> {
    const KIND: Kind = Kind::CLIP_NORM.around(O::KIND);
    const VECTORS: usize = O::VECTORS;

    fn parameters(&self) -> usize {
        self.inner.parameters()
    }

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.inner.settings(tell);
        tell("clip norm", &[self.largest.to_bits()]);
    }

    fn state(&self) -> Result<State<'_>, Error> {
        self.inner.state()
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; 2], Error> {
        self.inner.resume(words)
    }
}

impl<O: Resumable, K: Kernels> Resumable for WeightDecay<O, K> {
    const KIND: Kind = Kind::WEIGHT_DECAY.around(O::KIND);
    const VECTORS: usize = O::VECTORS;

    fn parameters(&self) -> usize {
        self.inner.parameters()
    }

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.inner.settings(tell);
        tell("weight decay", &[self.weight_decay.to_bits()]);
    }

    fn state(&self) -> Result<State<'_>, Error> {
        self.inner.state()
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; 2], Error> {
        self.inner.resume(words)
    }
}
