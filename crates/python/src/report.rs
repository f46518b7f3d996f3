//! What steps and runs tell.

use pyo3::prelude::*;
use rolling_ball::{Outcome, StepReport};
use rolling_ball_rehearsal as rehearsal;

/// How many samples a network classifies correctly: `correct` of `samples`, and the CRC-32 of the
/// bits of all `outputs`.
#[pyclass(module = "rolling_ball", frozen, get_all, eq)]
#[derive(Clone, Copy, PartialEq)]
pub struct Accuracy {
    correct: u32,
    samples: u32,
    outputs: u32,
}

#[pymethods]
impl Accuracy {
    #[getter]
    fn fraction(&self) -> f64 {
        f64::from(self.correct) / f64::from(self.samples.max(1))
    }

    pub fn __repr__(&self) -> String {
        format!("Accuracy({} of {}, outputs {:#010x})", self.correct, self.samples, self.outputs)
    }
}

impl From<rehearsal::Accuracy> for Accuracy {
    fn from(told: rehearsal::Accuracy) -> Self {
        let rehearsal::Accuracy { correct, samples, outputs } = told;
        Self { correct, samples, outputs }
    }
}

/// A step of a rehearsal: the `loss` and the `gradient_norm` where it began, how many `gradients`
/// and `losses` it asked for, and the `hash` of theta after it.
#[pyclass(module = "rolling_ball", frozen, get_all, eq)]
#[derive(Clone, Copy, PartialEq)]
pub struct Step {
    step: u32,
    loss: f32,
    gradient_norm: f32,
    gradients: u32,
    losses: u32,
    hash: u32,
}

#[pymethods]
impl Step {
    fn __repr__(&self) -> String {
        let Self { step, loss, gradient_norm, hash, .. } = self;
        format!("Step({step}: loss {loss}, gradient_norm {gradient_norm}, hash {hash:#010x})")
    }
}

impl From<&rehearsal::StepEvent> for Step {
    fn from(told: &rehearsal::StepEvent) -> Self {
        let rehearsal::StepEvent { step, loss, gradient_norm, gradients, losses, hash, .. } = *told;
        Self { step, loss, gradient_norm, gradients, losses, hash }
    }
}

/// A step of an optimizer that was done: its number, `step`, from 0, and how many in a row were
/// `refused` before it; `loss_before` and `loss_after`; the `gradient_norm`; the `parameter_norm`,
/// the length of theta, and the `absolute_update`, how far it moved; the `learning_rate` that was
/// used; how many `gradients` and `losses` it asked for; of the ball the `contact_gap`, how far the
/// centre is from where the contact's own normal would put it; and the `outcome`: `converged`,
/// `iteration limit`, `stalled`, `stalled nearby` or `diverged`. What was not measured is None.
#[pyclass(module = "rolling_ball", frozen, get_all)]
#[derive(Clone, Copy)]
pub struct Report {
    step: u32,
    refused: u32,
    loss_before: f32,
    loss_after: Option<f32>,
    gradient_norm: Option<f32>,
    parameter_norm: Option<f32>,
    absolute_update: Option<f32>,
    learning_rate: f32,
    gradients: u32,
    losses: u32,
    contact_gap: Option<f32>,
    outcome: &'static str,
}

#[pymethods]
impl Report {
    fn __repr__(&self) -> String {
        let Self { step, loss_before, learning_rate, outcome, .. } = self;
        format!(
            "Report({step}: loss_before {loss_before}, learning_rate {learning_rate}, {outcome})"
        )
    }
}

impl From<StepReport> for Report {
    fn from(report: StepReport) -> Self {
        Self {
            step: report.step,
            refused: report.refused,
            loss_before: report.loss_before,
            loss_after: report.loss_after,
            gradient_norm: report.gradient_norm,
            parameter_norm: report.parameter_norm,
            absolute_update: report.absolute_update,
            learning_rate: report.learning_rate,
            gradients: report.evaluations.gradients,
            losses: report.evaluations.losses,
            contact_gap: report.contact_gap,
            outcome: match report.outcome {
                Outcome::Converged => "converged",
                Outcome::IterationLimit => "iteration limit",
                Outcome::Stalled => "stalled",
                Outcome::StalledNearby => "stalled nearby",
                Outcome::Diverged => "diverged",
            },
        }
    }
}
