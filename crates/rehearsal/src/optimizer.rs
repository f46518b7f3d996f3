//! The optimizer that the image names.

use crate::{OptimizerConfig, Settings};
use rolling_ball::kernels::Kernels;
use rolling_ball::{
    Adam, AdamConfig, ArcLength, Error, Evaluation, LaggedContact, Optimizer, Request, RollingBall,
    RollingBallConfig, Sam, SamConfig, Schedule, Sgd, SgdConfig, ZerothOrderBall,
    ZerothOrderBallConfig,
};

/// Which optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptimizerKind {
    /// The rolling ball in its default form.
    Ball,
    /// Gradient descent.
    Sgd,
    /// Gradient descent with momentum 0.9.
    Momentum,
    /// Adam.
    Adam,
    /// Sharpness-aware minimisation.
    Sam,
    /// The ball that needs losses only.
    ZerothOrderBall,
}

impl OptimizerKind {
    /// All of them, in the order of their numbers in an image.
    pub const ALL: [Self; 6] =
        [Self::Ball, Self::Sgd, Self::Momentum, Self::Adam, Self::Sam, Self::ZerothOrderBall];

    /// Its number in an image.
    #[must_use]
    pub fn id(self) -> u32 {
        self as u32
    }

    /// The kind with this number.
    #[must_use]
    pub fn from_id(id: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(id).ok()?).copied()
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ball => "ball",
            Self::Sgd => "sgd",
            Self::Momentum => "momentum",
            Self::Adam => "adam",
            Self::Sam => "sam",
            Self::ZerothOrderBall => "zeroth-order-ball",
        }
    }

    /// Whether it looks at the radius.
    #[must_use]
    pub fn has_radius(self) -> bool {
        matches!(self, Self::Ball | Self::Sam | Self::ZerothOrderBall)
    }

    /// Whether it looks at the learning rate.
    #[must_use]
    pub fn has_learning_rate(self) -> bool {
        self != Self::ZerothOrderBall
    }

    /// How many vectors as long as theta it needs beside theta.
    #[must_use]
    pub const fn vectors(self) -> usize {
        match self {
            Self::ZerothOrderBall => 0,
            Self::Sgd => 1,
            Self::Ball | Self::Momentum | Self::Sam => 2,
            Self::Adam => 3,
        }
    }
}

/// Each optimizer as an image's settings mean it: rates, and the ball's radius, shrink to nothing
/// on half a cosine.
impl Settings {
    /// The ball in its default form.
    #[must_use]
    pub fn rolling_ball(&self) -> RollingBallConfig {
        RollingBallConfig::shrinking(self.radius, self.learning_rate, self.steps)
    }

    /// Gradient descent.
    #[must_use]
    pub fn sgd(&self) -> SgdConfig {
        SgdConfig { learning_rate: self.shrinking_rate(), ..SgdConfig::default() }
    }

    /// Gradient descent with momentum.
    #[must_use]
    pub fn momentum(&self) -> SgdConfig {
        SgdConfig { momentum: 0.9, ..self.sgd() }
    }

    /// Adam.
    #[must_use]
    pub fn adam(&self) -> AdamConfig {
        AdamConfig { learning_rate: self.shrinking_rate(), ..AdamConfig::default() }
    }

    /// Sharpness-aware minimisation, whose radius stays.
    #[must_use]
    pub fn sam(&self) -> SamConfig {
        let (learning_rate, radius) = (self.shrinking_rate(), self.radius.into());
        SamConfig { learning_rate, radius, ..SamConfig::default() }
    }

    /// The ball that needs losses only, which finds its rate by itself.
    #[must_use]
    pub fn zeroth_order_ball(&self, parameters: usize) -> ZerothOrderBallConfig {
        ZerothOrderBallConfig::shrinking(self.radius, parameters, self.steps)
    }

    fn shrinking_rate(&self) -> Schedule {
        Schedule::Cosine { from: self.learning_rate, to: 0.0, steps: self.steps }
    }
}

/// An optimizer chosen at run time, over the same three vectors of workspace.
#[derive(Debug)]
pub enum AnyOptimizer<'a, K: Kernels> {
    /// The rolling ball.
    Ball(RollingBall<&'a mut [f32], LaggedContact, ArcLength, K>),
    /// Gradient descent, with or without momentum.
    Sgd(Sgd<&'a mut [f32], K>),
    /// Adam.
    Adam(Adam<&'a mut [f32], K>),
    /// Sharpness-aware minimisation.
    Sam(Sam<&'a mut [f32], K>),
    /// The ball that needs losses only.
    ZerothOrderBall(ZerothOrderBall<K>),
}

impl<'a, K: Kernels> AnyOptimizer<'a, K> {
    /// The optimizer that the settings name, for so many parameters.
    ///
    /// # Errors
    /// [`Error::Setting`], [`Error::Length`].
    pub fn new(
        kernels: K,
        settings: &Settings,
        parameters: usize,
        workspace: [&'a mut [f32]; 3],
    ) -> Result<Self, Error> {
        let mut workspace = workspace.into_iter();
        let vector = || Ok::<_, Error>(workspace.next().unwrap_or_default());
        Ok(match settings.optimizer {
            OptimizerKind::Ball => Self::Ball(settings.rolling_ball().build(kernels, vector)?),
            // Built in one place, which is in the flash once.
            OptimizerKind::Sgd | OptimizerKind::Momentum => {
                let momentum = settings.optimizer == OptimizerKind::Momentum;
                let config = if momentum { settings.momentum() } else { settings.sgd() };
                Self::Sgd(config.build(kernels, vector)?)
            }
            OptimizerKind::Adam => Self::Adam(settings.adam().build(kernels, vector)?),
            OptimizerKind::Sam => Self::Sam(settings.sam().build(kernels, vector)?),
            OptimizerKind::ZerothOrderBall => {
                let config = settings.zeroth_order_ball(parameters);
                Self::ZerothOrderBall(ZerothOrderBall::with_backend(kernels, config)?)
            }
        })
    }
}

/// The same call on whichever optimizer it is: no table of addresses, so that a firmware links only
/// what it calls.
macro_rules! chosen {
    ($any:expr, $optimizer:ident => $call:expr) => {
        match $any {
            AnyOptimizer::Ball($optimizer) => $call,
            AnyOptimizer::Sgd($optimizer) => $call,
            AnyOptimizer::Adam($optimizer) => $call,
            AnyOptimizer::Sam($optimizer) => $call,
            AnyOptimizer::ZerothOrderBall($optimizer) => $call,
        }
    };
}

// What asks and answers is not inlined: the frame of a run would hold the variables of every
// optimizer.
impl<K: Kernels> Optimizer for AnyOptimizer<'_, K> {
    fn begin(&mut self, theta: &mut [f32]) -> Result<Request, Error> {
        chosen!(self, optimizer => optimizer.begin(theta))
    }

    fn tell_loss(&mut self, theta: &mut [f32], loss: f32) -> Result<Request, Error> {
        chosen!(self, optimizer => optimizer.tell_loss(theta, loss))
    }

    #[inline(never)]
    fn tell_gradient(&mut self, theta: &mut [f32], loss: f32) -> Result<Request, Error> {
        chosen!(self, optimizer => optimizer.tell_gradient(theta, loss))
    }

    fn gradient_mut(&mut self) -> &mut [f32] {
        chosen!(self, optimizer => optimizer.gradient_mut())
    }

    fn awaits(&self) -> Option<Evaluation> {
        chosen!(self, optimizer => optimizer.awaits())
    }

    fn abandon(&mut self) {
        chosen!(self, optimizer => optimizer.abandon());
    }

    fn steps(&self) -> u32 {
        chosen!(self, optimizer => optimizer.steps())
    }

    fn refused(&self) -> u32 {
        chosen!(self, optimizer => optimizer.refused())
    }

    fn halve_when_refused(&mut self, halve: bool) {
        chosen!(self, optimizer => optimizer.halve_when_refused(halve))
    }

    fn restart(&mut self) -> Result<(), Error> {
        chosen!(self, optimizer => optimizer.restart())
    }

    fn set_schedule_steps(&mut self, steps: u32) {
        chosen!(self, optimizer => optimizer.set_schedule_steps(steps))
    }

    fn set_learning_rate(&mut self, rate: Schedule) -> Result<(), Error> {
        chosen!(self, optimizer => optimizer.set_learning_rate(rate))
    }

    fn centre<'t>(&'t mut self, theta: &'t [f32]) -> Result<&'t [f32], Error> {
        chosen!(self, optimizer => optimizer.centre(theta))
    }
}
