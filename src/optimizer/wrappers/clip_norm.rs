//! Clipped gradients.

use crate::Error;
use crate::kernels::{Active, Kernels, Vector, VectorOps};
use crate::math::sqrt;
use crate::optimizer::{
    Evaluation, Kind, Optimizer, Parts, Request, Resumable, STATE_VECTORS, STATE_WORDS, Schedule,
    State, StepByPart,
};
use core::marker::PhantomData;

/// Any optimizer with its gradients clipped to a norm.
///
/// Cost: one pass over the gradient, two where it is clipped. A line search or a footpoint then
/// works with a gentler slope than the loss has, which is safe but no longer exact.
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

impl<O: Optimizer<K::Vector>, K: VectorOps> ClipNorm<O, K> {
    /// Clips the gradient that is about to be told.
    fn clip(&mut self, theta: &K::Vector) {
        let awaited = self.inner.awaits() == Some(Evaluation::Gradient);
        let gradient = self.inner.gradient_mut();
        // An answer that the inner optimizer will refuse must not touch its buffer.
        if awaited && theta.length() == gradient.length() {
            let norm = sqrt(K::dot(gradient, gradient));
            if norm.is_finite() && norm > self.largest {
                gradient.scale(self.largest / norm);
            }
        }
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
        self.clip(theta);
        self.inner.tell_gradient(theta, loss)
    }

    pass_on!(K::Vector);
}

/// The gradient is clipped as a whole, then its parts move at their rates.
impl<O: StepByPart, K: Kernels> StepByPart for ClipNorm<O, K> {
    const DECOUPLED_DECAY: bool = O::DECOUPLED_DECAY;

    fn tell_gradient_by_part(
        &mut self,
        theta: &mut [f32],
        loss: f32,
        parts: &impl Parts,
    ) -> Result<Request, Error> {
        self.clip(theta);
        self.inner.tell_gradient_by_part(theta, loss, parts)
    }
}

impl<O: Resumable, K: Kernels> Resumable for ClipNorm<O, K> {
    const KIND: Kind = Kind::CLIP_NORM.around(O::KIND);

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.inner.settings(tell);
        tell("clip norm", &[self.largest.to_bits()]);
    }

    pass_on_state!();
}
