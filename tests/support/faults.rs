//! Objectives that count, that record, and that fail on purpose.

use rolling_ball::{Error, Objective};
use std::ops::Range;

/// Counts evaluations.
#[derive(Debug, Default)]
pub struct Counted<F> {
    pub objective: F,
    pub losses: u32,
    pub gradients: u32,
}

impl<F> Counted<F> {
    pub fn new(objective: F) -> Self {
        Self { objective, losses: 0, gradients: 0 }
    }
}

impl<F: Objective> Objective for Counted<F> {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.losses += 1;
        self.objective.loss(theta)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        self.gradients += 1;
        self.objective.gradient(theta, gradient)
    }
}

/// What goes wrong at an evaluation. A gradient's fault spares evaluations of the loss alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    Loss(f32),
    Gradient(f32),
    /// The objective itself gives up.
    Refusal,
}

pub const EVERY_FAULT: [Fault; 5] = [
    Fault::Loss(f32::NAN),
    Fault::Loss(f32::INFINITY),
    Fault::Loss(f32::NEG_INFINITY),
    Fault::Gradient(f32::NAN),
    Fault::Gradient(f32::INFINITY),
];

/// The kind of evaluation that the fault struck.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Struck {
    Loss,
    Gradient,
}

/// Fails at the evaluations with these indices, and records the points whose whole answer was
/// finite.
#[derive(Debug)]
pub struct Faulty<F> {
    pub objective: F,
    pub fault: Fault,
    pub at: Range<usize>,
    pub evaluations: usize,
    /// What was struck first.
    pub struck: Option<Struck>,
    /// Points whose answer was finite, in the order they were told.
    pub told: Vec<Vec<f32>>,
    /// The last point that was asked for.
    pub asked: Vec<f32>,
}

impl<F> Faulty<F> {
    pub fn new(objective: F, fault: Fault, at: Range<usize>) -> Self {
        let (told, asked) = (Vec::new(), Vec::new());
        Self { objective, fault, at, evaluations: 0, struck: None, told, asked }
    }

    /// The fault of the evaluation that is being made, if it has one.
    fn strike(&mut self, kind: Struck, theta: &[f32]) -> Option<Fault> {
        self.asked = theta.to_vec();
        let index = self.evaluations;
        self.evaluations += 1;
        let spared = kind == Struck::Loss && matches!(self.fault, Fault::Gradient(_));
        if !self.at.contains(&index) || spared {
            return None;
        }
        self.struck = self.struck.or(Some(kind));
        Some(self.fault)
    }

    fn tell(&mut self, theta: &[f32], loss: f32) -> Result<f32, Error> {
        self.told.push(theta.to_vec());
        Ok(loss)
    }
}

/// The error of [`Fault::Refusal`].
pub const REFUSAL: Error = Error::NoSamples;

impl<F: Objective> Objective for Faulty<F> {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        match self.strike(Struck::Loss, theta) {
            None | Some(Fault::Gradient(_)) => {
                let loss = self.objective.loss(theta)?;
                self.tell(theta, loss)
            }
            Some(Fault::Loss(value)) => Ok(value),
            Some(Fault::Refusal) => Err(REFUSAL),
        }
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        let loss = self.objective.gradient(theta, gradient)?;
        match self.strike(Struck::Gradient, theta) {
            None => self.tell(theta, loss),
            Some(Fault::Loss(value)) => Ok(value),
            Some(Fault::Refusal) => Err(REFUSAL),
            Some(Fault::Gradient(value)) => {
                gradient[theta.len() / 2] = value;
                Ok(loss)
            }
        }
    }
}
