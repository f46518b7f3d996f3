//! Sharpness-aware minimisation.

use super::{End, end};
use crate::kernels::{Active, Kernels, Vector, VectorOps};
use crate::math::sqrt;
use crate::optimizer::{
    Kind, Method, Next, Outcome, Rebind, Resumable, STATE_VECTORS, STATE_WORDS, State, StepByPart,
    StepRecord, StepState, check_answer, next_step,
};
use crate::{Error, Schedule};
use core::marker::PhantomData;

/// Settings of [`Sam`].
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SamConfig {
    /// Learning rate.
    pub learning_rate: Schedule,
    /// Radius of the neighbourhood whose worst loss is descended.
    pub radius: Schedule,
    /// Whether the new point's loss is evaluated so that one that is not finite can be rolled back
    /// exactly. Costs one loss (1/3 gradient evaluation) a step.
    pub roll_back: bool,
}

impl Default for SamConfig {
    fn default() -> Self {
        Self {
            learning_rate: Schedule::Constant(0.01),
            radius: Schedule::Constant(0.05),
            roll_back: true,
        }
    }
}

/// SAM (Foret et al. 2021): the gradient at `theta + radius g / |g|` moves theta. The ball with a
/// flat disc in place of its cap. Memory: 8 bytes a parameter beside theta's 4. Cost: two gradient
/// evaluations a step, and one loss with `roll_back`.
///
/// ```
/// use rolling_ball::{Sam, SamConfig};
///
/// let sam = Sam::new(SamConfig::default(), [[0.0; 10]; 2])?;
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sam<V, K = Active> {
    config: SamConfig,
    rate_set_at: u32,
    radius_set_at: u32,
    state: StepState<End, SamGradient>,
    record: StepRecord,
    /// The radius of the step in progress.
    radius: f32,
    gradient: V,
    kept: V,
    kernels: PhantomData<K>,
}

impl<V: AsRef<[f32]> + AsMut<[f32]>> Sam<V> {
    /// An optimizer with the default kernels.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting that is out of range; [`Error::Length`] where the
    /// vectors differ in length.
    pub fn new(config: SamConfig, workspace: [V; 2]) -> Result<Self, Error> {
        Self::with_backend(Active::default(), config, workspace)
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Sam<V, K> {
    /// As [`new`](Sam::new), with the kernels named.
    ///
    /// # Errors
    /// As [`new`](Sam::new).
    pub fn with_backend(
        _kernels: K,
        config: SamConfig,
        [gradient, kept]: [V; 2],
    ) -> Result<Self, Error> {
        config.learning_rate.check("learning rate")?;
        config.radius.check("radius")?;
        Error::check_length("workspace", gradient.as_ref().length(), kept.as_ref().length())?;
        Ok(Self {
            config,
            rate_set_at: 0,
            radius_set_at: 0,
            state: StepState::Idle,
            record: StepRecord::default(),
            radius: 0.0,
            gradient,
            kept,
            kernels: PhantomData,
        })
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

/// Where a gradient was asked for.
#[derive(Clone, Copy, Debug)]
pub enum SamGradient {
    /// Where the step starts.
    Start,
    /// At the worst point nearby.
    Perturbed,
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Method for Sam<V, K> {
    type Vector = K::Vector;
    type Loss = End;
    type Gradient = SamGradient;

    method_fields!(learning_rate from rate_set_at, radius from radius_set_at);

    fn begin(&mut self, step: u32, _: f32) -> Result<SamGradient, Error> {
        self.radius = self.config.radius.checked_at("radius", step, self.radius_set_at)?;
        Ok(SamGradient::Start)
    }

    fn told_gradient(
        &mut self,
        theta: &mut K::Vector,
        at: SamGradient,
        loss: f32,
    ) -> Result<Next<End, SamGradient>, Error> {
        match at {
            SamGradient::Start => self.climb(theta, loss),
            SamGradient::Perturbed => self.descend(theta, loss),
        }
    }

    fn told_loss(
        &mut self,
        _: &mut K::Vector,
        End: End,
        loss: f32,
    ) -> Result<Next<End, SamGradient>, Error> {
        Ok(Next::Done(Some(loss), Outcome::Converged))
    }

    fn before(&self) -> &K::Vector {
        self.kept.as_ref()
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Sam<V, K> {
    /// To the worst point nearby.
    fn climb(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Next<End, SamGradient>, Error> {
        let (theta_squared, gradient_squared) = K::squared_norms(theta, self.gradient.as_ref());
        self.record.start(loss, theta_squared, gradient_squared)?;
        self.record.check_move(self.radius)?;
        let norm = self.record.gradient_norm();
        let scale = if norm > 0.0 { self.radius / norm } else { 0.0 };
        // The quotient overflows where the gradient is all but nothing and the radius is huge.
        if !scale.is_finite() {
            return Err(Error::NonFiniteUpdate);
        }
        K::perturb(theta, self.kept.as_mut(), self.gradient.as_ref(), scale);
        Ok(Next::Gradient(SamGradient::Perturbed))
    }

    /// From where the step started, by the gradient there.
    fn descend(
        &mut self,
        theta: &mut K::Vector,
        loss: f32,
    ) -> Result<Next<End, SamGradient>, Error> {
        let (gradient, kept) = (self.gradient.as_ref(), self.kept.as_ref());
        let gradient_squared = K::dot(gradient, gradient);
        check_answer(loss, gradient_squared).inspect_err(|_| theta.copy_from(kept))?;
        let rate = self.record.report.learning_rate;
        K::descend_from(theta, kept, gradient, rate);
        self.record.moved(theta, kept, rate * sqrt(gradient_squared))?;
        Ok(end(self.config.roll_back, End))
    }
}

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> StepByPart for Sam<V, K> {}

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> Resumable for Sam<V, K> {
    const KIND: Kind = Kind::SAM;
    const VECTORS: usize = 0;

    fn parameters(&self) -> usize {
        self.gradient.as_ref().len()
    }

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.config.learning_rate.tell("learning rate", self.rate_set_at, tell);
        self.config.radius.tell("radius", self.radius_set_at, tell);
        tell("roll back", &[self.config.roll_back.into()]);
    }

    fn state(&self) -> Result<State<'_>, Error> {
        self.state.check_idle()?;
        let words = [self.record.steps(), 0, 0, self.record.refusals()];
        Ok(State { words, vectors: [&[]; STATE_VECTORS] })
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error> {
        let [steps, _, _, refusals] = words;
        self.state.check_idle()?;
        self.record.resume(steps, refusals);
        Ok([&mut [], &mut [], &mut [], &mut []])
    }
}

impl<V, K> Rebind<V> for Sam<V, K> {
    fn rebind(&mut self, replace: &mut impl FnMut(&mut V)) {
        replace(&mut self.gradient);
        replace(&mut self.kept);
    }
}
