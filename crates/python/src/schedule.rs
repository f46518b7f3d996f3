//! Rates and radii that change from step to step.

use pyo3::prelude::*;
use rolling_ball::Schedule as Core;

/// A value by step.
#[pyclass(module = "rolling_ball", frozen, from_py_object)]
#[derive(Clone, Copy)]
pub struct Schedule(Core);

#[pymethods]
impl Schedule {
    /// The same at every step.
    #[staticmethod]
    fn constant(value: f32) -> Self {
        Self(Core::Constant(value))
    }

    /// From `start` to `end` in so many steps, on a straight line.
    #[staticmethod]
    fn linear(start: f32, end: f32, steps: u32) -> Self {
        Self(Core::Linear { from: start, to: end, steps })
    }

    /// From `start` to `end` in so many steps, on half a cosine.
    #[staticmethod]
    fn cosine(start: f32, end: f32, steps: u32) -> Self {
        Self(Core::Cosine { from: start, to: end, steps })
    }

    /// From `start` to `end` in so many steps, by the same factor each.
    #[staticmethod]
    fn exponential(start: f32, end: f32, steps: u32) -> Self {
        Self(Core::Exponential { from: start, to: end, steps })
    }

    /// The value at a step.
    fn at(&self, step: u32) -> f32 {
        self.0.at(step)
    }

    fn __repr__(&self) -> String {
        match self.0 {
            Core::Constant(value) => format!("Schedule.constant({value})"),
            Core::Linear { from, to, steps } => format!("Schedule.linear({from}, {to}, {steps})"),
            Core::Cosine { from, to, steps } => format!("Schedule.cosine({from}, {to}, {steps})"),
            Core::Exponential { from, to, steps } => {
                format!("Schedule.exponential({from}, {to}, {steps})")
            }
            Core::Custom(_) => "Schedule".to_owned(),
        }
    }
}

/// A schedule, or a number.
#[derive(Clone, Copy, FromPyObject)]
pub enum Rate {
    Number(f32),
    Schedule(Schedule),
}

impl Rate {
    /// A number is constant, or where steps are given falls to nothing in them on half a cosine.
    pub fn schedule(self, steps: Option<u32>) -> Core {
        match (self, steps) {
            (Self::Number(from), Some(steps)) => Core::Cosine { from, to: 0.0, steps },
            (Self::Number(value), None) => Core::Constant(value),
            (Self::Schedule(Schedule(schedule)), _) => schedule,
        }
    }
}
