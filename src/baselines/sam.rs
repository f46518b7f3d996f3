//! Sharpness-aware minimisation.

use super::{Phase, Turns};
use crate::kernels::{Active, Kernels, Vector, VectorOps};
use crate::optimizer::check_answer;
use crate::optimizer::{Kind, Resumable, STATE_WORDS, State};
use crate::{Error, Request, Schedule};
use core::marker::PhantomData;

/// Settings of [`Sam`].
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SamConfig {
    /// Learning rate.
    pub learning_rate: Schedule,
    /// Radius of the neighbourhood whose worst loss is descended.
    pub radius: Schedule,
    /// Whether the new point's loss is evaluated so that one that is not finite can be rolled back exactly.
    /// Costs one loss (1/3 gradient evaluation) a step.
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

/// SAM (Foret et al. 2021): the gradient at `theta + radius g / |g|` moves theta. The ball with a flat disc in
/// place of its cap. Memory: 8 bytes a parameter beside theta's 4. Cost: two gradient evaluations a step, and
/// one loss with `roll_back`.
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
    turns: Turns,
    /// Of the step in progress.
    radius: f32,
    gradient: V,
    kept: V,
    kernels: PhantomData<K>,
}

impl<V: AsRef<[f32]> + AsMut<[f32]>> Sam<V> {
    /// With the default kernels.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting that is out of range; [`Error::Length`] where the vectors differ
    /// in length.
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
        let turns = Turns::new(config.roll_back);
        Ok(Self { config, turns, radius: 0.0, gradient, kept, kernels: PhantomData })
    }

    fn begun(&mut self, theta: &K::Vector) -> Result<Request, Error> {
        let radius = self.config.radius.checked_at("radius", self.turns.record.steps())?;
        let rate = &self.config.learning_rate;
        let request = self.turns.begin(self.gradient.as_ref().length(), theta, rate)?;
        self.radius = radius;
        Ok(request)
    }

    fn told_loss(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        match self.turns.phase {
            Phase::End => self.turns.end(theta, self.kept.as_ref(), loss),
            _ => self.turns.unexpected(),
        }
    }

    fn told_gradient(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        match self.turns.phase {
            Phase::Start => self.start(theta, loss),
            Phase::Perturbed => self.descend(theta, loss),
            _ => self.turns.unexpected(),
        }
    }

    fn start(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        let (theta_squared, gradient_squared) = K::squared_norms(theta, self.gradient.as_ref());
        self.turns.record.start(loss, theta_squared, gradient_squared)?;
        self.turns.record.check_move(self.radius)?;
        let norm = self.turns.record.report.gradient_norm;
        let scale = if norm > 0.0 { self.radius / norm } else { 0.0 };
        K::perturb(theta, self.kept.as_mut(), self.gradient.as_ref(), scale);
        self.turns.ask_gradient(Phase::Perturbed)
    }

    fn descend(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        let (gradient, kept) = (self.gradient.as_ref(), self.kept.as_ref());
        let gradient_squared = K::dot(gradient, gradient);
        if let Err(error) = check_answer(loss, gradient_squared) {
            theta.copy_from(kept);
            return Err(error);
        }
        let rate = self.turns.record.report.learning_rate;
        K::descend_from(theta, kept, gradient, rate);
        self.turns.moved(theta, kept, rate * libm::sqrtf(gradient_squared))
    }
}

by_turns!(Sam on VectorOps);

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> Resumable for Sam<V, K> {
    const KIND: Kind = Kind::SAM;
    const VECTORS: usize = 0;

    fn parameters(&self) -> usize {
        self.gradient.as_ref().len()
    }

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        tell("learning rate", &self.config.learning_rate.words());
        tell("radius", &self.config.radius.words());
        tell("roll back", &[self.config.roll_back.into()]);
    }

    fn state(&self) -> Result<State<'_>, Error> {
        Ok(State { words: [self.turns.steps_done()?, 0, 0, 0], vectors: [&[], &[]] })
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; 2], Error> {
        let [steps, ..] = words;
        self.turns.resume(steps)?;
        Ok([&mut [], &mut []])
    }
}
