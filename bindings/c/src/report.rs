//! The numbers of one step.

use rolling_ball::{Outcome, StepReport};

/// How a step ended.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum rb_outcome {
    /// The footpoint met its tolerance. Steps without an inner iteration always end like this.
    Converged = 0,
    /// The footpoint's iterations were used up.
    IterationLimit = 1,
    /// No trial of a line search decreased the function that it searches; theta is where the search
    /// started, to the bit.
    Stalled = 2,
    /// The projection ended further from the displaced centre than it started, because its step is
    /// too large.
    Diverged = 3,
    /// As RB_OUTCOME_STALLED, but theta is where the search started up to rounding only, and
    /// loss_after is the loss there: a contact form of the ball with Armijo's rule has no vector
    /// left to keep the start in.
    StalledNearby = 4,
}

/// The numbers of one step. What the step did not compute is NaN.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_step_report {
    /// The index of the step, counted from 0.
    pub step: u32,
    /// How many steps in a row were refused just before this one.
    pub refused: u32,
    /// The loss where the step started.
    pub loss_before: f32,
    /// The loss at the new theta; NaN where the step did not evaluate it.
    pub loss_after: f32,
    /// The norm of the gradient where the step started; NaN where it was not measured, as this and
    /// the next two are between the steps that rb_sgd_config.measure_every is about.
    pub gradient_norm: f32,
    /// The norm of theta where the step started; NaN where it was not measured.
    pub parameter_norm: f32,
    /// The distance that theta moved; NaN where it was not measured.
    pub absolute_update: f32,
    /// The learning rate that was used, after arc length or line search.
    pub learning_rate: f32,
    /// How many gradients the step asked for.
    pub gradients: u32,
    /// How many losses without a gradient the step asked for.
    pub losses: u32,
    /// How many moves the search for the footpoint made; 0 in the forms without a search.
    pub footpoint_iterations: u32,
    /// Half the squared distance from the displaced centre to the graph; NaN in the forms without a
    /// search.
    pub footpoint_distance: f32,
    /// The norm of that distance's gradient; NaN in the forms without a search.
    pub footpoint_residual: f32,
    /// The distance between the ball's centre and where the normal at the contact would put it; NaN
    /// where it is unknown.
    pub contact_gap: f32,
    /// How the step ended.
    pub outcome: rb_outcome,
}

impl From<StepReport> for rb_step_report {
    fn from(report: StepReport) -> Self {
        let footpoint = report.footpoint;
        Self {
            step: report.step,
            refused: report.refused,
            loss_before: report.loss_before,
            loss_after: report.loss_after.unwrap_or(f32::NAN),
            gradient_norm: report.gradient_norm.unwrap_or(f32::NAN),
            parameter_norm: report.parameter_norm.unwrap_or(f32::NAN),
            absolute_update: report.absolute_update.unwrap_or(f32::NAN),
            learning_rate: report.learning_rate,
            gradients: report.evaluations.gradients,
            losses: report.evaluations.losses,
            footpoint_iterations: footpoint.map_or(0, |footpoint| footpoint.iterations),
            footpoint_distance: footpoint.map_or(f32::NAN, |footpoint| footpoint.distance),
            footpoint_residual: footpoint.map_or(f32::NAN, |footpoint| footpoint.residual),
            contact_gap: report.contact_gap.unwrap_or(f32::NAN),
            outcome: match report.outcome {
                Outcome::Converged => rb_outcome::Converged,
                Outcome::IterationLimit => rb_outcome::IterationLimit,
                Outcome::Stalled => rb_outcome::Stalled,
                Outcome::StalledNearby => rb_outcome::StalledNearby,
                Outcome::Diverged => rb_outcome::Diverged,
            },
        }
    }
}
