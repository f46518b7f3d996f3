//! The settings of the ball.

use crate::{Armijo, Error, Schedule};

/// How the contact of the displaced ball with the graph is found.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Footpoint {
    /// The paper's solver: `iterations` gradient steps of size `step` on `D`, started at theta.
    /// Cost: `iterations` gradient evaluations (the first shares the step's own). Diverges where `step` is
    /// larger than about `2 / (1 + |g|^2)`.
    GradientDescent {
        /// Step size (the paper's gamma).
        step: f32,
        /// How many steps (the paper's K).
        iterations: u32,
    },
    /// The nearest point of the graph, by Gauss-Newton with a closed form and a line search that never lets
    /// `D` increase. Started at `theta - learning_rate * g`, which is its first full move.
    /// Cost: a gradient and at least one loss an iteration, commonly 4 to 9 of each.
    GaussNewton {
        /// Moves at most.
        max_iterations: u32,
        /// Converged when the predicted decrease of `D` is below this fraction of `D`.
        tolerance: f32,
    },
    /// The centre descends the dilated loss, with the gradient taken at the contact. Cost: `refreshes + 1`
    /// gradient evaluations: with 0 the contact lags one step behind (what SGD costs), with 1 it is
    /// found anew from the centre (what SAM costs). Keeps the offset from step to step.
    Contact {
        /// How often the contact is found anew before the centre moves.
        refreshes: u32,
    },
}

/// How far the centre moves along the gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum CentreStep {
    /// The paper's: `learning_rate * g`.
    Plain,
    /// Arc length on the graph of the scaled loss: `learning_rate * g / sqrt(1 + loss_scale^2 |g|^2)`, never
    /// longer than `learning_rate / loss_scale`.
    ArcLength,
    /// The rate is found by a line search on the loss; the configured rate is only its first trial.
    Armijo(Armijo),
}

/// Settings of [`RollingBall`](crate::RollingBall).
///
/// The ball rolls on the graph of `loss_scale * f`. Scaling the loss changes the metric, and so the step: the
/// same radius sees different wrinkles of `f` and of `10 f`. `learning_rate` always multiplies the
/// gradient of `f` itself, so that a small ball is gradient descent at that rate whatever the scale.
///
/// ```
/// use rolling_ball::{CentreStep, Footpoint, RollingBall, RollingBallConfig};
///
/// let paper = RollingBallConfig {
///     radius: 1.0.into(),
///     learning_rate: 0.1.into(),
///     loss_scale: 1.0,
///     footpoint: Footpoint::GaussNewton { max_iterations: 8, tolerance: 1e-2 },
///     centre_step: CentreStep::Plain,
///     roll_back: true,
/// };
/// let ball = RollingBall::new(paper, [[0.0; 10]; 2])?;
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RollingBallConfig {
    /// Radius of the ball: the scale at which it sees the loss. At a constant radius the ball does not come to
    /// rest in a valley that it does not fit into; let the radius shrink to end there.
    pub radius: Schedule,
    /// Learning rate of the centre.
    pub learning_rate: Schedule,
    /// Lambda, the factor on the loss before the ball rolls on it.
    pub loss_scale: f32,
    /// How the new contact is found.
    pub footpoint: Footpoint,
    /// How far the centre moves.
    pub centre_step: CentreStep,
    /// Whether each new point's loss is evaluated before its predecessor is forgotten, so that a loss that
    /// is not finite can be rolled back exactly. Costs one loss (1/3 gradient evaluation) a move in the forms
    /// that do not evaluate it anyway ([`Footpoint::Contact`] and [`Footpoint::GradientDescent`]).
    pub roll_back: bool,
}

impl Default for RollingBallConfig {
    /// The form that costs one gradient a step and serves fine-tuning as well as the best (docs/study.md), at a constant radius
    /// of 0.03 and a constant rate of 0.1.
    fn default() -> Self {
        Self {
            radius: Schedule::Constant(0.03),
            learning_rate: Schedule::Constant(0.1),
            loss_scale: 3.0,
            footpoint: Footpoint::Contact { refreshes: 0 },
            centre_step: CentreStep::ArcLength,
            roll_back: true,
        }
    }
}

impl RollingBallConfig {
    /// For fine-tuning a network in about this many steps, where nobody tunes: the default form with the radius 0.03 and the rate 1,
    /// shrinking to nothing together. A step is at most a third of the rate long (1 over the loss scale), and stable up to a
    /// curvature of 2; docs/study.md compares it with others.
    #[must_use]
    pub fn fine_tuning(steps: u32) -> Self {
        Self::shrinking(0.03, 1.0, steps)
    }

    /// The default with a radius and a rate that shrink to nothing together, on half a cosine.
    #[must_use]
    pub fn shrinking(radius: f32, learning_rate: f32, steps: u32) -> Self {
        Self {
            radius: Schedule::Cosine { from: radius, to: 0.0, steps },
            learning_rate: Schedule::Cosine { from: learning_rate, to: 0.0, steps },
            ..Self::default()
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        self.radius.check("radius")?;
        self.learning_rate.check("learning rate")?;
        Error::check_positive("loss scale", self.loss_scale)?;
        match self.footpoint {
            Footpoint::GradientDescent { step, iterations } => {
                Error::check_positive("projection step", step)?;
                check_iterations("projection iterations", iterations)?;
            }
            Footpoint::GaussNewton { max_iterations, tolerance } => {
                check_iterations("Gauss-Newton iterations", max_iterations)?;
                Error::check_fraction("Gauss-Newton tolerance", tolerance)?;
            }
            Footpoint::Contact { .. } => {}
        }
        match self.centre_step {
            CentreStep::Armijo(armijo) => armijo.check(),
            CentreStep::Plain | CentreStep::ArcLength => Ok(()),
        }
    }
}

impl Footpoint {
    /// As a setting of a checkpoint.
    pub(super) fn words(&self) -> [u32; 3] {
        match *self {
            Self::GradientDescent { step, iterations } => [0, step.to_bits(), iterations],
            Self::GaussNewton { max_iterations, tolerance } => {
                [1, max_iterations, tolerance.to_bits()]
            }
            Self::Contact { refreshes } => [2, refreshes, 0],
        }
    }
}

impl CentreStep {
    /// As a setting of a checkpoint.
    pub(super) fn words(&self) -> [u32; 5] {
        match self {
            Self::Plain => [0; 5],
            Self::ArcLength => [1, 0, 0, 0, 0],
            Self::Armijo(armijo) => {
                let [decrease, shrink, growth, trials] = armijo.words();
                [2, decrease, shrink, growth, trials]
            }
        }
    }
}

fn check_iterations(name: &'static str, iterations: u32) -> Result<(), Error> {
    if iterations > 0 {
        Ok(())
    } else {
        Err(Error::Setting { name, value: 0.0, expected: "at least 1" })
    }
}
