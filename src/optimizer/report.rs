//! What a step reports, and the record that an optimizer keeps while it makes one.

use crate::Error;
use crate::kernels::Vector;
use crate::math::sqrt;

/// Evaluations that a step asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Evaluations {
    /// Losses with their gradients.
    pub gradients: u32,
    /// Losses alone.
    pub losses: u32,
}

impl Evaluations {
    /// The cost in gradient evaluations: a loss alone counts 1/3.
    #[must_use]
    pub fn cost(&self) -> f32 {
        self.gradients as f32 + self.losses as f32 / 3.0
    }
}

/// How a step ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Outcome {
    /// The footpoint met its tolerance. Steps without an inner iteration always end so.
    #[default]
    Converged,
    /// The footpoint's iterations were used up.
    IterationLimit,
    /// No trial of a line search decreased its function; theta is where the search started, to the
    /// bit.
    Stalled,
    /// As `Stalled`, but theta is where the search started up to rounding only, and `loss_after` is
    /// the loss there: a contact form of the ball with [`Armijo`](crate::Armijo) has no vector left
    /// to keep the start in. [`KeepStart`](crate::KeepStart) adds one.
    StalledNearby,
    /// The projection ended further from the displaced centre than it started: its step is too
    /// large.
    Diverged,
}

/// How the search for the nearest point of the graph went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FootpointReport {
    /// Moves of theta.
    pub iterations: u32,
    /// `D`, half the squared distance from the displaced centre to the graph at the last point
    /// evaluated.
    pub distance: f32,
    /// `|grad D|` at the last point whose gradient was taken.
    pub residual: f32,
}

/// One step in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StepReport {
    /// The index of the step, from 0.
    pub step: u32,
    /// How many steps in a row were refused just before this one.
    pub refused: u32,
    /// The loss where the step started; the mean of the two that
    /// [`ZerothOrderBall`](crate::ZerothOrderBall) asks for.
    pub loss_before: f32,
    /// The loss at the new theta, where the step evaluated it.
    pub loss_after: Option<f32>,
    /// `|grad f|` where the step started; the slope along a diameter of
    /// [`ZerothOrderBall`](crate::ZerothOrderBall). None where the step did not measure it, see
    /// [`SgdConfig::measure_every`](crate::SgdConfig::measure_every).
    pub gradient_norm: Option<f32>,
    /// `|theta|` where the step started, where it was measured.
    pub parameter_norm: Option<f32>,
    /// How far theta moved, where it was measured. A nearest point is reached in several moves: the
    /// sum of their lengths.
    pub absolute_update: Option<f32>,
    /// The learning rate that was used: after arc length or a line search, or what the optimizer
    /// has found by itself.
    pub learning_rate: f32,
    /// What the step asked for.
    pub evaluations: Evaluations,
    /// The footpoint search of the ball's nearest-point forms.
    pub footpoint: Option<FootpointReport>,
    /// For the ball: how far the centre is from where the contact's own normal would put it.
    pub contact_gap: Option<f32>,
    /// How the step ended.
    pub outcome: Outcome,
}

impl StepReport {
    /// The update relative to the parameters' norm, where both were measured; 0 where nothing
    /// moved, infinite from a zero theta.
    #[must_use]
    pub fn relative_update(&self) -> Option<f32> {
        let (moved, norm) = (self.absolute_update?, self.parameter_norm?);
        Some(if moved == 0.0 { 0.0 } else { moved / norm })
    }
}

/// The report in the making, and the number of steps done.
#[derive(Clone, Copy, Debug, Default)]
pub struct StepRecord {
    pub report: StepReport,
    steps: u32,
    /// Steps refused in a row, since the last that was done.
    refused: u32,
    halve: bool,
    /// How often the learning rate is halved for the next step.
    halvings: u8,
}

/// The rate is halved so often at most: then it is `2^-64` of what the schedule says.
const MOST_HALVINGS: u8 = 64;

impl StepRecord {
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// As it is after this many steps, with what [`refusals`](Self::refusals) told.
    pub fn resume(&mut self, steps: u32, refusals: u32) {
        let [halvings, low, high, _] = refusals.to_le_bytes();
        let halvings = halvings.min(MOST_HALVINGS);
        let refused = u16::from_le_bytes([low, high]).into();
        *self = Self { steps, refused, halve: self.halve, halvings, ..Self::default() };
    }

    /// The halvings of the rate, and the steps refused in a row, in 24 bits of a checkpoint.
    pub fn refusals(&self) -> u32 {
        let [low, high] = u16::try_from(self.refused).unwrap_or(u16::MAX).to_le_bytes();
        u32::from_le_bytes([self.halvings, low, high, 0])
    }

    pub fn refused(&self) -> u32 {
        self.refused
    }

    pub fn halve_when_refused(&mut self, halve: bool) {
        self.halve = halve;
        if !halve {
            self.halvings = 0;
        }
    }

    /// What the learning rate of the schedule is multiplied by: a power of two, so that nothing is
    /// rounded.
    pub fn rate_factor(&self) -> f32 {
        f32::from_bits(127_u32.saturating_sub(self.halvings.into()) << 23)
    }

    /// The step was refused.
    pub fn refuse(&mut self) {
        self.refused = self.refused.saturating_add(1);
        if self.halve && self.halvings < MOST_HALVINGS {
            self.halvings = self.halvings.saturating_add(1);
        }
    }

    /// Steps are counted from 0 again.
    pub fn restart(&mut self) {
        self.steps = 0;
    }

    /// A step begins, with this learning rate.
    pub fn begin(&mut self, learning_rate: f32) {
        let Self { steps: step, refused, .. } = *self;
        self.report = StepReport { step, refused, learning_rate, ..StepReport::default() };
    }

    /// Checks and records what was found where the step started.
    pub fn start(
        &mut self,
        loss: f32,
        theta_squared: f32,
        gradient_squared: f32,
    ) -> Result<(), Error> {
        if !theta_squared.is_finite() {
            return Err(Error::NonFiniteParameters);
        }
        check_answer(loss, gradient_squared)?;
        self.report.loss_before = loss;
        self.report.parameter_norm = Some(sqrt(theta_squared));
        self.report.gradient_norm = Some(sqrt(gradient_squared));
        self.report.absolute_update = Some(0.0);
        Ok(())
    }

    /// As [`start`](Self::start), of a step that measures nothing.
    pub fn start_unmeasured(&mut self, loss: f32) -> Result<(), Error> {
        check_answer(loss, 0.0)?;
        self.report.loss_before = loss;
        Ok(())
    }

    /// `|grad f|` where the step started, which it has measured.
    pub fn gradient_norm(&self) -> f32 {
        self.report.gradient_norm.unwrap_or_default()
    }

    /// `|theta|` there.
    pub fn parameter_norm(&self) -> f32 {
        self.report.parameter_norm.unwrap_or_default()
    }

    /// Theta has moved by this length, beside how far it had moved before.
    pub fn add_move(&mut self, length: f32) {
        self.report.absolute_update = Some(self.length_moved() + length);
    }

    fn length_moved(&self) -> f32 {
        self.report.absolute_update.unwrap_or_default()
    }

    /// Checks that a move of this length keeps the norm of theta, and its square, finite.
    pub fn check_move(&self, length: f32) -> Result<(), Error> {
        let bound = self.parameter_norm() + self.length_moved() + length;
        if (bound * bound).is_finite() { Ok(()) } else { Err(Error::NonFiniteUpdate) }
    }

    /// Theta has moved by this length from `before`, where it goes back to if that overflows.
    pub fn moved<T: Vector + ?Sized>(
        &mut self,
        theta: &mut T,
        before: &T,
        length: f32,
    ) -> Result<(), Error> {
        self.check_move(length).inspect_err(|_| theta.copy_from(before))?;
        self.add_move(length);
        Ok(())
    }

    /// The step is done.
    pub fn done(&mut self, loss_after: Option<f32>, outcome: Outcome) -> StepReport {
        self.steps = self.steps.saturating_add(1);
        self.refused = 0;
        self.halvings = self.halvings.saturating_sub(1);
        self.report.loss_after = loss_after;
        self.report.outcome = outcome;
        self.report
    }
}

/// Checks an answer to [`Request::Gradient`](super::Request::Gradient).
pub fn check_answer(loss: f32, gradient_squared: f32) -> Result<(), Error> {
    if !loss.is_finite() {
        Err(Error::NonFiniteLoss)
    } else if !gradient_squared.is_finite() {
        Err(Error::NonFiniteGradient)
    } else {
        Ok(())
    }
}
