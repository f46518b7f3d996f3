//! Every optimizer, in every form that makes sense.

use super::landscape::LARGEST;
use core::fmt;
use rolling_ball::kernels::{Active, VectorOps};
use rolling_ball::{
    Adam, AdamConfig, AnyCentreStep, AnyFootpoint, ArcLength, Armijo, ByPart, ClipNorm, DogConfig,
    EntropySgdConfig, Error, GaussNewton, GradientDescent, KeepStart, LaggedContact, Optimizer,
    Part, Plain, ProdigyConfig, RefreshedContact, RollingBall, RollingBallConfig, SamConfig,
    SgdConfig, WeightDecay, ZerothOrderBallConfig,
};
use rolling_ball_rehearsal::OptimizerConfig;

/// An optimizer with its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// The ball.
    Ball(AnyFootpoint, AnyCentreStep),
    /// Gradient descent.
    Sgd,
    /// Gradient descent with momentum 0.9.
    Momentum,
    /// The same with Nesterov's look ahead.
    Nesterov,
    /// Gradient descent with a line search.
    SgdArmijo,
    /// Adam.
    Adam,
    /// Adam with decoupled weight decay.
    AdamW,
    /// Sharpness-aware minimisation.
    Sam,
    /// Entropy-SGD, whose walk has 20 moves.
    EntropySgd,
    /// DoG, with the average of its steps.
    Dog,
    /// Prodigy.
    Prodigy,
    /// The ball that needs losses only.
    LossesOnly,
    /// Gradient descent with gradients clipped to norm 1.
    ClipNorm,
    /// The default ball with weight decay.
    WeightDecay,
    /// Adam, whose first parameter moves at half the rate.
    ByPart,
    /// The ball with lagged contact and Armijo's search, with the start of each step kept.
    KeepStart,
}

const LAGGED: AnyFootpoint = AnyFootpoint::LaggedContact(LaggedContact);
const REFRESHED: AnyFootpoint = AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 1 });
const GAUSS_NEWTON: AnyFootpoint =
    AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 8, tolerance: 1e-2 });
const GRADIENT_DESCENT: AnyFootpoint =
    AnyFootpoint::GradientDescent(GradientDescent { step: 0.05, iterations: 8 });

const PLAIN: AnyCentreStep = AnyCentreStep::Plain(Plain);
const ARC_LENGTH: AnyCentreStep = AnyCentreStep::ArcLength(ArcLength);
const ARMIJO: AnyCentreStep = AnyCentreStep::Armijo(Armijo {
    decrease: 1e-4,
    shrink: 0.3,
    growth: 2.0,
    trials: SEARCH_TRIALS,
});

/// The trials of [`Armijo`]'s line search as shipped.
const SEARCH_TRIALS: u32 = 12;
/// The trials on each line of [`GaussNewton`].
const LINE_TRIALS: u32 = 12;
const RATE: f32 = 0.1;
const DECAY: f32 = 1e-3;
const LOSSES_ONLY_RADIUS: f32 = 0.1;

/// The most that a step may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Losses with their gradients.
    pub gradients: u32,
    /// Losses alone.
    pub losses: u32,
}

/// What is done with an optimizer of any type.
pub trait Visitor {
    /// What it finds out.
    type Output;

    /// Does it.
    fn visit<O: Optimizer>(self, optimizer: O) -> Self::Output;
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::Ball(LAGGED, PLAIN),
        Self::Ball(LAGGED, ARC_LENGTH),
        Self::Ball(LAGGED, ARMIJO),
        Self::Ball(REFRESHED, PLAIN),
        Self::Ball(REFRESHED, ARC_LENGTH),
        Self::Ball(REFRESHED, ARMIJO),
        Self::Ball(GAUSS_NEWTON, PLAIN),
        Self::Ball(GAUSS_NEWTON, ARC_LENGTH),
        Self::Ball(GAUSS_NEWTON, ARMIJO),
        Self::Ball(GRADIENT_DESCENT, PLAIN),
        Self::Ball(GRADIENT_DESCENT, ARC_LENGTH),
        Self::Ball(GRADIENT_DESCENT, ARMIJO),
        Self::Sgd,
        Self::Momentum,
        Self::Nesterov,
        Self::SgdArmijo,
        Self::Adam,
        Self::AdamW,
        Self::Sam,
        Self::EntropySgd,
        Self::Dog,
        Self::Prodigy,
        Self::LossesOnly,
        Self::ClipNorm,
        Self::WeightDecay,
        Self::ByPart,
        Self::KeepStart,
    ];

    /// The most that a step of it may ask for.
    #[must_use]
    pub fn limits(self) -> Limits {
        let (gradients, losses) = match self {
            Self::Ball(footpoint, centre_step) => {
                let (gradients, losses) = match footpoint {
                    AnyFootpoint::LaggedContact(_) => (1, 1),
                    AnyFootpoint::RefreshedContact(contact) => {
                        (1 + contact.refreshes, 1 + contact.refreshes)
                    }
                    AnyFootpoint::GaussNewton(nearest) => {
                        (nearest.max_iterations, LINE_TRIALS * nearest.max_iterations)
                    }
                    AnyFootpoint::GradientDescent(nearest) => {
                        (nearest.iterations, nearest.iterations)
                    }
                };
                match centre_step {
                    AnyCentreStep::Armijo(search) => (gradients, losses + search.trials),
                    _ => (gradients, losses),
                }
            }
            Self::SgdArmijo => (1, SEARCH_TRIALS),
            Self::KeepStart => return Self::Ball(LAGGED, ARMIJO).limits(),
            Self::Sam => (2, 1),
            Self::LossesOnly => (0, 2),
            Self::EntropySgd => (EntropySgdConfig::default().moves, 1),
            _ => (1, 1),
        };
        Limits { gradients, losses }
    }

    /// Whether it goes back to where a step began, whatever has ended the step.
    #[must_use]
    pub fn returns_to_start(self) -> bool {
        matches!(self, Self::Sam | Self::EntropySgd | Self::KeepStart)
    }

    /// Whether it has no vector left to keep a step's start in while it tries rates: a contact form
    /// of the ball with Armijo's search.
    #[must_use]
    pub fn forgets_start(self) -> bool {
        let Self::Ball(footpoint, AnyCentreStep::Armijo(_)) = self else { return false };
        matches!(footpoint, AnyFootpoint::LaggedContact(_) | AnyFootpoint::RefreshedContact(_))
    }

    /// Whether it asks for losses at both ends of a diameter, and for none where the step ends.
    #[must_use]
    pub fn needs_losses_only(self) -> bool {
        self == Self::LossesOnly
    }

    /// How much it rounds an element where a step begins, at most.
    #[must_use]
    pub fn rounding(self, t: f32) -> f32 {
        if self.needs_losses_only() {
            (t.abs() + 2.5 * LOSSES_ONLY_RADIUS) * f32::EPSILON / 2.0
        } else {
            0.0
        }
    }

    /// What it adds to the loss.
    #[must_use]
    pub fn penalty(self, theta: &[f32]) -> f32 {
        if self == Self::WeightDecay { DECAY * Active::dot(theta, theta) / 2.0 } else { 0.0 }
    }

    /// The settings of the ball that looks for the nearest point and never lets its distance grow.
    #[must_use]
    pub fn gauss_newton(self) -> Option<RollingBallConfig<AnyFootpoint, AnyCentreStep>> {
        match self {
            Self::Ball(footpoint @ AnyFootpoint::GaussNewton(_), centre_step) => {
                Some(ball(footpoint, centre_step))
            }
            _ => None,
        }
    }

    /// Whether it never lets the loss itself rise.
    #[must_use]
    pub fn descends(self) -> bool {
        self == Self::SgdArmijo
    }

    /// Makes the optimizer for so many parameters, and shows it to a visitor.
    ///
    /// # Errors
    ///
    /// None, unless a setting is out of its range.
    pub fn visit<V: Visitor>(
        self,
        parameters: usize,
        vectors: &mut [[f32; LARGEST]; 5],
        visitor: V,
    ) -> Result<V::Output, Error> {
        let mut vectors =
            vectors.iter_mut().map(|vector| vector.get_mut(..parameters).unwrap_or_default());
        let mut vector = || Ok::<_, Error>(vectors.next().unwrap_or_default());
        let kernels = Active::default();
        let learning_rate = RATE.into();
        let sgd = SgdConfig { learning_rate, ..SgdConfig::default() };
        let momentum = SgdConfig { momentum: 0.9, ..sgd };
        let adam = AdamConfig { learning_rate: 0.01.into(), ..AdamConfig::default() };
        Ok(match self {
            Self::Ball(footpoint, centre_step) => {
                visitor.visit(ball(footpoint, centre_step).build(kernels, vector)?)
            }
            Self::Sgd => visitor.visit(sgd.build(kernels, vector)?),
            Self::Momentum => visitor.visit(momentum.build(kernels, vector)?),
            Self::Nesterov => {
                let nesterov = SgdConfig { nesterov: true, ..momentum };
                visitor.visit(nesterov.build(kernels, vector)?)
            }
            Self::SgdArmijo => {
                let searching = SgdConfig { line_search: Some(Armijo::default()), ..sgd };
                visitor.visit(searching.build(kernels, vector)?)
            }
            Self::Adam => visitor.visit(adam.build(kernels, vector)?),
            Self::AdamW => {
                visitor.visit(AdamConfig { weight_decay: 0.01, ..adam }.build(kernels, vector)?)
            }
            Self::Sam => {
                let sam = SamConfig { learning_rate, ..SamConfig::default() };
                visitor.visit(sam.build(kernels, vector)?)
            }
            Self::EntropySgd => visitor.visit(EntropySgdConfig::default().build(kernels, vector)?),
            Self::Dog => {
                let dog = DogConfig { average: true, ..DogConfig::default() };
                visitor.visit(dog.build(kernels, vector)?)
            }
            Self::Prodigy => visitor.visit(ProdigyConfig::default().build(kernels, vector)?),
            Self::LossesOnly => {
                let config = ZerothOrderBallConfig {
                    radius: LOSSES_ONLY_RADIUS.into(),
                    ..ZerothOrderBallConfig::shrinking(LOSSES_ONLY_RADIUS, parameters, 100)
                };
                visitor.visit(config.build(kernels, vector)?)
            }
            Self::ClipNorm => visitor.visit(ClipNorm::new(sgd.build(kernels, vector)?, 1.0)?),
            Self::WeightDecay => {
                let ball: RollingBall<_> = RollingBallConfig::default().build(kernels, vector)?;
                visitor.visit(WeightDecay::new(ball, DECAY)?)
            }
            Self::ByPart => {
                let adam: Adam<_> = adam.build(kernels, vector)?;
                let slow = Part { length: 1, rate: 0.5, decay: 0.0 };
                let rest = Part { length: parameters.saturating_sub(1), rate: 1.0, decay: 0.0 };
                visitor.visit(ByPart::new(adam, [slow, rest])?)
            }
            Self::KeepStart => {
                let config = ball(LAGGED, ARMIJO);
                let ball: RollingBall<_, _, _> = config.build(kernels, &mut vector)?;
                visitor.visit(KeepStart::new(ball, vector()?)?)
            }
        })
    }
}

fn ball(
    footpoint: AnyFootpoint,
    centre_step: AnyCentreStep,
) -> RollingBallConfig<AnyFootpoint, AnyCentreStep> {
    RollingBallConfig::default().with_footpoint(footpoint).with_centre_step(centre_step)
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Ball(footpoint, centre_step) => {
                let footpoint = match footpoint {
                    AnyFootpoint::LaggedContact(_) => "lagged",
                    AnyFootpoint::RefreshedContact(_) => "refreshed",
                    AnyFootpoint::GaussNewton(_) => "Gauss-Newton",
                    AnyFootpoint::GradientDescent(_) => "gradient descent",
                };
                let centre_step = match centre_step {
                    AnyCentreStep::Plain(_) => "plain",
                    AnyCentreStep::ArcLength(_) => "arc length",
                    AnyCentreStep::Armijo(_) => "Armijo",
                };
                return write!(f, "ball, {footpoint}, {centre_step}");
            }
            Self::Sgd => "SGD",
            Self::Momentum => "SGD, momentum",
            Self::Nesterov => "SGD, Nesterov",
            Self::SgdArmijo => "SGD, Armijo",
            Self::Adam => "Adam",
            Self::AdamW => "AdamW",
            Self::Sam => "SAM",
            Self::EntropySgd => "Entropy-SGD",
            Self::Dog => "DoG",
            Self::Prodigy => "Prodigy",
            Self::LossesOnly => "ball, losses only",
            Self::ClipNorm => "ClipNorm of SGD",
            Self::WeightDecay => "WeightDecay of the ball",
            Self::ByPart => "ByPart of Adam",
            Self::KeepStart => "KeepStart of the ball, Armijo",
        })
    }
}
