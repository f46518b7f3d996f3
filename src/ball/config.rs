//! The settings of the ball.

use super::{AnyCentreStep, AnyFootpoint, ArcLength, CentreStep, Footpoint, LaggedContact};
use crate::{Error, Schedule};

/// Settings of [`RollingBall`](crate::RollingBall).
///
/// The ball rolls on the graph of `loss_scale * f`. Scaling the loss changes the metric, and so the
/// step: the same radius sees different wrinkles of `f` and of `10 f`. `learning_rate` always
/// multiplies the gradient of `f` itself, so that a small ball is gradient descent at that rate
/// whatever the scale.
///
/// ```
/// use rolling_ball::{GaussNewton, Plain, RollingBall, RollingBallConfig};
///
/// let paper = RollingBallConfig {
///     radius: 1.0.into(),
///     learning_rate: 0.1.into(),
///     loss_scale: 1.0,
///     footpoint: GaussNewton { max_iterations: 8, tolerance: 1e-2 },
///     centre_step: Plain,
///     roll_back: true,
/// };
/// let ball = RollingBall::new(paper, [[0.0; 10]; 2])?;
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RollingBallConfig<F = LaggedContact, C = ArcLength> {
    /// Radius of the ball, 0 or above: the scale at which it sees the loss. At a constant radius
    /// the ball does not come to rest in a valley that it does not fit into; let the radius shrink
    /// to end there.
    pub radius: Schedule,
    /// Learning rate of the centre, 0 or above.
    pub learning_rate: Schedule,
    /// Lambda, the factor on the loss before the ball rolls on it; above 0.
    pub loss_scale: f32,
    /// How the new contact is found.
    pub footpoint: F,
    /// How far the centre moves.
    pub centre_step: C,
    /// Whether each new point's loss is evaluated before its predecessor is forgotten, so that a
    /// loss that is not finite can be rolled back exactly. Costs one loss (1/3 gradient evaluation)
    /// a move in the forms that do not evaluate it anyway: all but
    /// [`GaussNewton`](crate::GaussNewton).
    pub roll_back: bool,
}

impl Default for RollingBallConfig {
    /// The form that costs one gradient a step and serves fine-tuning as well as the best
    /// (docs/study.md), at a constant radius of 0.03 and a constant rate of 0.1.
    fn default() -> Self {
        Self {
            radius: Schedule::Constant(0.03),
            learning_rate: Schedule::Constant(0.1),
            loss_scale: 3.0,
            footpoint: LaggedContact,
            centre_step: ArcLength,
            roll_back: true,
        }
    }
}

impl RollingBallConfig {
    /// For fine-tuning a network in about this many steps on labels that are right: the default
    /// form with the radius 0.03 and the rate 1, shrinking to nothing together. A step is at most a
    /// third of the rate long (1 over the loss scale), and stable up to a curvature of 2;
    /// docs/study.md compares it with others. It costs `4 / 3` gradient evaluations a step, since
    /// it can be rolled back.
    ///
    /// Where labels may be wrong it follows them: with 40 % wrong ones it ends below its start more
    /// often than not (docs/untuned.md). Put [`nn::FineTuning`](crate::nn::FineTuning) around it.
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
}

impl<F, C> RollingBallConfig<F, C> {
    /// The same with another footpoint.
    #[must_use]
    pub fn with_footpoint<G: Footpoint>(self, footpoint: G) -> RollingBallConfig<G, C> {
        let Self { radius, learning_rate, loss_scale, centre_step, roll_back, .. } = self;
        RollingBallConfig { radius, learning_rate, loss_scale, footpoint, centre_step, roll_back }
    }

    /// The same with another centre step.
    #[must_use]
    pub fn with_centre_step<D: CentreStep>(self, centre_step: D) -> RollingBallConfig<F, D> {
        let Self { radius, learning_rate, loss_scale, footpoint, roll_back, .. } = self;
        RollingBallConfig { radius, learning_rate, loss_scale, footpoint, centre_step, roll_back }
    }
}

impl<F: Into<AnyFootpoint>, C: Into<AnyCentreStep>> RollingBallConfig<F, C> {
    /// The same settings where the form is chosen at run time.
    #[must_use]
    pub fn into_any(self) -> RollingBallConfig<AnyFootpoint, AnyCentreStep> {
        let Self { radius, learning_rate, loss_scale, footpoint, centre_step, roll_back } = self;
        let (footpoint, centre_step) = (footpoint.into(), centre_step.into());
        RollingBallConfig { radius, learning_rate, loss_scale, footpoint, centre_step, roll_back }
    }
}

impl<F: Footpoint, C: CentreStep> RollingBallConfig<F, C> {
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.radius.check("radius")?;
        self.learning_rate.check("learning rate")?;
        Error::check_positive("loss scale", self.loss_scale)?;
        self.footpoint.check()?;
        self.centre_step.check()
    }
}
