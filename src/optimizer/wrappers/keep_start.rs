//! Where a step starts, kept in a vector more.

use crate::Error;
use crate::kernels::{Active, Kernels, Vector, VectorOps};
use crate::optimizer::{
    Evaluation, Kind, Optimizer, Outcome, Parts, Request, Resumable, STATE_VECTORS, STATE_WORDS,
    Schedule, State, StepByPart,
};
use core::marker::PhantomData;

/// Any optimizer with theta kept as it was where the step began: a step that stalls or is refused
/// ends with theta there, to the bit.
///
/// Without it, a step that is refused ends at the last point whose loss was finite, which may be
/// one on the way, and a stalled one may end a rounding beside its start
/// ([`Outcome::StalledNearby`]). A step that the caller
/// [abandons](Optimizer::abandon) leaves theta where it is.
///
/// Memory: 4 bytes a parameter. Cost: one pass a step.
///
/// ```
/// use rolling_ball::{Armijo, KeepStart, RollingBall, RollingBallConfig};
///
/// let config = RollingBallConfig::default().with_centre_step(Armijo::default());
/// let ball = RollingBall::new(config, [[0.0; 10]; 2])?;
/// let exact = KeepStart::new(ball, [0.0; 10])?;
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeepStart<O, V, K = Active> {
    inner: O,
    start: V,
    kernels: PhantomData<K>,
}

impl<O: Optimizer, V: AsRef<[f32]> + AsMut<[f32]>> KeepStart<O, V> {
    /// Keeps the start in this vector, as long as theta, whose content does not matter.
    ///
    /// # Errors
    /// [`Error::Length`] where the vector is not as long as theta.
    pub fn new(inner: O, start: V) -> Result<Self, Error> {
        Self::with_backend(Active::default(), inner, start)
    }
}

impl<O, V, K> KeepStart<O, V, K>
where
    O: Optimizer<K::Vector>,
    V: AsRef<K::Vector> + AsMut<K::Vector>,
    K: VectorOps,
{
    /// As [`new`](KeepStart::new), with the kernels named.
    ///
    /// # Errors
    /// [`Error::Length`] where the vector is not as long as theta.
    pub fn with_backend(_kernels: K, mut inner: O, start: V) -> Result<Self, Error> {
        Error::check_length("start", inner.gradient_mut().length(), start.as_ref().length())?;
        Ok(Self { inner, start, kernels: PhantomData })
    }

    /// Puts theta back after a step that stalled, or that was refused.
    fn settle(
        &self,
        theta: &mut K::Vector,
        in_progress: bool,
        answered: Result<Request, Error>,
    ) -> Result<Request, Error> {
        let stalled = |outcome| matches!(outcome, Outcome::Stalled | Outcome::StalledNearby);
        match answered {
            Ok(Request::Done(mut report)) if stalled(report.outcome) => {
                theta.copy_from(self.start.as_ref());
                report.outcome = Outcome::Stalled;
                report.loss_after = Some(report.loss_before);
                report.absolute_update = Some(0.0);
                Ok(Request::Done(report))
            }
            // An answer out of turn, or a theta of another length, leaves the step in progress.
            Err(error) if in_progress && self.inner.awaits().is_none() => {
                theta.copy_from(self.start.as_ref());
                Err(error)
            }
            answered => answered,
        }
    }
}

impl<O, V, K> KeepStart<O, V, K> {
    /// The optimizer inside.
    pub fn inner_mut(&mut self) -> &mut O {
        &mut self.inner
    }

    /// Gives the optimizer back, without the vector.
    pub fn into_inner(self) -> O {
        self.inner
    }
}

impl<O, V, K> Optimizer<K::Vector> for KeepStart<O, V, K>
where
    O: Optimizer<K::Vector>,
    V: AsRef<K::Vector> + AsMut<K::Vector>,
    K: VectorOps,
{
    fn begin(&mut self, theta: &mut K::Vector) -> Result<Request, Error> {
        let request = self.inner.begin(theta)?;
        self.start.as_mut().copy_from(theta);
        Ok(request)
    }

    fn tell_loss(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        let in_progress = self.inner.awaits().is_some();
        let answered = self.inner.tell_loss(theta, loss);
        self.settle(theta, in_progress, answered)
    }

    fn tell_gradient(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        let in_progress = self.inner.awaits().is_some();
        let answered = self.inner.tell_gradient(theta, loss);
        self.settle(theta, in_progress, answered)
    }

    pass_on!(K::Vector);
}

impl<O: StepByPart, V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> StepByPart for KeepStart<O, V, K> {
    const DECOUPLED_DECAY: bool = O::DECOUPLED_DECAY;

    fn tell_gradient_by_part(
        &mut self,
        theta: &mut [f32],
        loss: f32,
        parts: &impl Parts,
    ) -> Result<Request, Error> {
        let in_progress = self.inner.awaits().is_some();
        let answered = self.inner.tell_gradient_by_part(theta, loss, parts);
        self.settle(theta, in_progress, answered)
    }
}

/// A checkpoint is made between two steps, where no start is kept: so it is one of the optimizer
/// inside, and may be resumed with or without the vector.
impl<O: Resumable, V, K: VectorOps> Resumable for KeepStart<O, V, K> {
    const KIND: Kind = O::KIND;

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.inner.settings(tell);
    }

    pass_on_state!();
}
