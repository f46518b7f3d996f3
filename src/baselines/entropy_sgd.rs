//! Entropy-SGD.

use super::{End, end};
use crate::kernels::{Active, Kernels, Vector};
use crate::math::sqrt;
use crate::optimizer::{
    Kind, Method, Next, Outcome, Rebind, Resumable, STATE_VECTORS, STATE_WORDS, State, StepByPart,
    StepRecord, StepState, check_answer, next_step,
};
use crate::random::{INCREMENT, mixed};
use crate::{Error, Schedule};
use core::marker::PhantomData;

/// Settings of [`EntropySgd`]: by default its paper's, but for the rate of the walk.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EntropySgdConfig {
    /// How much of the way from theta to the walk's mean a step goes.
    pub learning_rate: Schedule,
    /// Learning rate of the walk.
    pub walk_rate: Schedule,
    /// Moves of the walk, 1 or more: the gradient evaluations of a step.
    pub moves: u32,
    /// How strongly the walk is pulled back to theta: the scope, which is wide where this is small.
    pub pull: Schedule,
    /// Weight of the newest point in the walk's mean, above 0 and up to 1.
    pub newest: f32,
    /// Standard deviation of the noise in units of the root of the walk's rate; 0 for none.
    pub noise: f32,
    /// The seed of the noise: the same seed gives the same noise everywhere.
    pub seed: u32,
    /// Whether the new point's loss is evaluated so that one that is not finite can be rolled back
    /// exactly. Costs one loss (1/3 gradient evaluation) a step.
    pub roll_back: bool,
}

impl Default for EntropySgdConfig {
    fn default() -> Self {
        Self {
            learning_rate: Schedule::Constant(1.0),
            walk_rate: Schedule::Constant(0.01),
            moves: 20,
            pull: Schedule::Constant(1e-4),
            newest: 0.75,
            noise: 1e-4,
            seed: 1,
            roll_back: true,
        }
    }
}

/// Entropy-SGD (Chaudhari et al. 2017): from theta a noisy walk of gradient steps, pulled back to
/// theta, finds out where the loss is low around; theta goes to the mean of the walk, and so to
/// wide valleys. Memory: 12 bytes a parameter beside theta's 4. Cost: as many gradient evaluations
/// a step as the walk has moves, and one loss with `roll_back`.
///
/// The noise has the variance of the paper's, and is the sum of four uniform numbers instead of
/// normal; the same bits everywhere.
///
/// ```
/// use rolling_ball::{EntropySgd, EntropySgdConfig};
///
/// let entropy_sgd = EntropySgd::new(EntropySgdConfig::default(), [[0.0; 10]; 3])?;
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EntropySgd<V, K = Active> {
    config: EntropySgdConfig,
    rate_set_at: u32,
    walk_rate_set_at: u32,
    pull_set_at: u32,
    state: StepState<End, WalkGradient>,
    record: StepRecord,
    /// The walk of the step in progress.
    walk: Walk,
    gradient: V,
    kept: V,
    mean: V,
    kernels: PhantomData<K>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Walk {
    rate: f32,
    pull: f32,
    /// Done.
    moves: u32,
}

impl<V: AsRef<[f32]> + AsMut<[f32]>> EntropySgd<V> {
    /// An optimizer with the default kernels.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting that is out of range; [`Error::Length`] where the
    /// vectors differ in length.
    pub fn new(config: EntropySgdConfig, workspace: [V; 3]) -> Result<Self, Error> {
        Self::with_backend(Active::default(), config, workspace)
    }
}

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> EntropySgd<V, K> {
    /// As [`new`](EntropySgd::new), with the kernels named.
    ///
    /// # Errors
    /// As [`new`](EntropySgd::new).
    pub fn with_backend(
        _kernels: K,
        config: EntropySgdConfig,
        [gradient, kept, mean]: [V; 3],
    ) -> Result<Self, Error> {
        config.learning_rate.check("learning rate")?;
        config.walk_rate.check("walk rate")?;
        config.pull.check("pull")?;
        Error::check_probability("newest", config.newest)?;
        Error::check_positive("newest", config.newest)?;
        Error::check_not_negative("noise", config.noise)?;
        if config.moves == 0 {
            return Err(Error::Setting { name: "moves", value: 0.0, expected: "1 or more" });
        }
        let length = gradient.as_ref().len();
        Error::check_length("workspace", length, kept.as_ref().len())?;
        Error::check_length("workspace", length, mean.as_ref().len())?;
        Ok(Self {
            config,
            rate_set_at: 0,
            walk_rate_set_at: 0,
            pull_set_at: 0,
            state: StepState::Idle,
            record: StepRecord::default(),
            walk: Walk::default(),
            gradient,
            kept,
            mean,
            kernels: PhantomData,
        })
    }

    /// Sets the rate of the walk from the next step on, from which a schedule counts.
    ///
    /// # Errors
    /// [`Error::Setting`]; the rate is unchanged.
    pub fn set_walk_rate(&mut self, rate: Schedule) -> Result<(), Error> {
        rate.check("walk rate")?;
        (self.config.walk_rate, self.walk_rate_set_at) = (rate, next_step(self));
        Ok(())
    }

    /// Sets the pull from the next step on, from which a schedule counts.
    ///
    /// # Errors
    /// [`Error::Setting`]; the pull is unchanged.
    pub fn set_pull(&mut self, pull: Schedule) -> Result<(), Error> {
        pull.check("pull")?;
        (self.config.pull, self.pull_set_at) = (pull, next_step(self));
        Ok(())
    }
}

/// Where a gradient was asked for.
#[derive(Clone, Copy, Debug)]
pub enum WalkGradient {
    /// Where the step starts.
    Start,
    /// On the walk.
    Walk,
}

impl<V, K> Method for EntropySgd<V, K>
where
    V: AsRef<[f32]> + AsMut<[f32]>,
    K: Kernels,
{
    type Vector = K::Vector;
    type Loss = End;
    type Gradient = WalkGradient;

    method_fields!(
        learning_rate from rate_set_at,
        walk_rate from walk_rate_set_at,
        pull from pull_set_at
    );

    fn begin(&mut self, step: u32, _: f32) -> Result<WalkGradient, Error> {
        let EntropySgdConfig { walk_rate, pull, .. } = &self.config;
        let rate = walk_rate.checked_at("walk rate", step, self.walk_rate_set_at)?;
        let pull = pull.checked_at("pull", step, self.pull_set_at)?;
        // The walk is what a loss may refuse.
        let rate = rate * self.record.rate_factor();
        self.walk = Walk { rate, pull, moves: 0 };
        Ok(WalkGradient::Start)
    }

    fn told_gradient(
        &mut self,
        theta: &mut [f32],
        at: WalkGradient,
        loss: f32,
    ) -> Result<Next<End, WalkGradient>, Error> {
        match at {
            WalkGradient::Start => self.start(theta, loss),
            WalkGradient::Walk => self.walk(theta, loss),
        }
    }

    fn told_loss(
        &mut self,
        _: &mut [f32],
        End: End,
        loss: f32,
    ) -> Result<Next<End, WalkGradient>, Error> {
        Ok(Next::Done(Some(loss), Outcome::Converged))
    }

    fn before(&self) -> &[f32] {
        self.kept.as_ref()
    }
}

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> EntropySgd<V, K> {
    fn start(&mut self, theta: &mut [f32], loss: f32) -> Result<Next<End, WalkGradient>, Error> {
        let (theta_squared, gradient_squared) = K::squared_norms(theta, self.gradient.as_ref());
        self.record.start(loss, theta_squared, gradient_squared)?;
        self.kept.as_mut().copy_from(theta);
        self.mean.as_mut().copy_from(theta);
        self.go_on(theta)
    }

    /// The gradient somewhere on the walk.
    fn walk(&mut self, theta: &mut [f32], loss: f32) -> Result<Next<End, WalkGradient>, Error> {
        let gradient_squared = K::dot(self.gradient.as_ref(), self.gradient.as_ref());
        check_answer(loss, gradient_squared)
            .and_then(|()| self.go_on(theta))
            .inspect_err(|_| theta.copy_from(self.kept.as_ref()))
    }

    /// One move of the walk, or the end of it.
    fn go_on(&mut self, theta: &mut [f32]) -> Result<Next<End, WalkGradient>, Error> {
        let Walk { rate, pull, .. } = self.walk;
        self.add_noise();
        let (gradient, kept) = (self.gradient.as_mut(), self.kept.as_ref());
        K::add_scaled(gradient, pull, theta);
        K::add_scaled(gradient, -pull, kept);
        self.record.check_move(rate * sqrt(K::dot(gradient, gradient)))?;
        K::add_scaled(theta, -rate, gradient);
        let mean = self.mean.as_mut();
        K::interpolate_into(gradient, mean, theta, self.config.newest);
        mean.copy_from(gradient);
        self.walk.moves = self.walk.moves.saturating_add(1);
        if self.walk.moves < self.config.moves {
            return Ok(Next::Gradient(WalkGradient::Walk));
        }
        let mean = self.mean.as_ref();
        let squared = K::footpoint_sums(kept, mean, mean).distance;
        if !squared.is_finite() {
            theta.copy_from(kept);
            return Err(Error::NonFiniteUpdate);
        }
        let rate = self.record.report.learning_rate;
        K::interpolate_into(theta, kept, mean, rate);
        self.record.moved(theta, kept, rate * sqrt(squared))?;
        Ok(end(self.config.roll_back, End))
    }

    /// Puts the noise of a move into the gradient that makes it.
    fn add_noise(&mut self) {
        let (rate, noise) = (self.walk.rate, self.config.noise);
        if noise == 0.0 || rate == 0.0 {
            return;
        }
        let scale = noise / sqrt(rate);
        let moves = u64::from(self.record.steps()) << 32 | u64::from(self.walk.moves);
        let mut random = mixed(mixed(u64::from(self.config.seed)) ^ moves);
        for slope in self.gradient.as_mut() {
            random = random.wrapping_add(INCREMENT);
            *slope -= scale * deviate(mixed(random));
        }
    }
}

/// Of mean 0 and variance 1: the sum of four uniform numbers.
fn deviate(bits: u64) -> f32 {
    let parts = [bits, bits >> 16, bits >> 32, bits >> 48].map(|part| part as u32 & 0xffff);
    let sum = parts.into_iter().fold(0, u32::wrapping_add);
    // Four halves of 2^16 - 1 in the middle; the variance of each part is (2^32 - 1) / 12.
    (sum as f32 - 131_070.0) * (1.732_050_8 / 65_536.0)
}

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> StepByPart for EntropySgd<V, K> {}

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> Resumable for EntropySgd<V, K> {
    const KIND: Kind = Kind::ENTROPY_SGD;
    const VECTORS: usize = 0;

    fn parameters(&self) -> usize {
        self.gradient.as_ref().len()
    }

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.config.learning_rate.tell("learning rate", self.rate_set_at, tell);
        self.config.walk_rate.tell("walk rate", self.walk_rate_set_at, tell);
        tell("moves", &[self.config.moves]);
        self.config.pull.tell("pull", self.pull_set_at, tell);
        tell("newest", &[self.config.newest.to_bits()]);
        tell("noise", &[self.config.noise.to_bits()]);
        tell("seed", &[self.config.seed]);
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

impl<V, K> Rebind<V> for EntropySgd<V, K> {
    fn rebind(&mut self, replace: &mut impl FnMut(&mut V)) {
        replace(&mut self.gradient);
        replace(&mut self.kept);
        replace(&mut self.mean);
    }
}
