//! Values that change from step to step.

use crate::Error;

/// A value by step. After its last step a schedule stays at its end; with `steps` 0 it is there from the start.
///
/// ```
/// use rolling_ball::Schedule;
///
/// let radius = Schedule::Cosine { from: 0.4, to: 0.0, steps: 100 };
/// assert_eq!(radius.at(0), 0.4);
/// assert!((radius.at(50) - 0.2).abs() < 1e-6);
/// assert_eq!(radius.at(1000), 0.0);
/// let warm_up = Schedule::Custom(|step| if step < 10 { 0.01 } else { 0.1 });
/// assert_eq!(warm_up.at(10), 0.1);
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Schedule {
    /// The same at every step.
    Constant(f32),
    /// From `from` to `to` on a straight line.
    Linear {
        /// Value at step 0.
        from: f32,
        /// Value at step `steps` and after.
        to: f32,
        /// Number of steps.
        steps: u32,
    },
    /// From `from` to `to` on half a cosine wave.
    Cosine {
        /// Value at step 0.
        from: f32,
        /// Value at step `steps` and after.
        to: f32,
        /// Number of steps.
        steps: u32,
    },
    /// From `from` to `to` by the same factor each step; `to` must be above 0.
    Exponential {
        /// Value at step 0.
        from: f32,
        /// Value at step `steps` and after.
        to: f32,
        /// Number of steps.
        steps: u32,
    },
    /// The caller's own function of the step.
    Custom(fn(u32) -> f32),
}

impl Schedule {
    /// The value at a step.
    #[must_use]
    pub fn at(&self, step: u32) -> f32 {
        let fraction = |steps: u32| {
            if step >= steps { 1.0 } else { step as f32 / steps as f32 }
        };
        match *self {
            Self::Constant(value) => value,
            Self::Linear { from, to, steps } => from + (to - from) * fraction(steps),
            Self::Cosine { from, to, steps } => match fraction(steps) {
                1.0 => to,
                done => {
                    let weight = (1.0 + libm::cosf(core::f32::consts::PI * done)) / 2.0;
                    to + (from - to) * weight
                }
            },
            Self::Exponential { from, to, steps } => match fraction(steps) {
                1.0 => to,
                done => from * libm::expf(libm::logf(to / from) * done),
            },
            Self::Custom(function) => function(step),
        }
    }

    /// Checks the ends: the first value must be above 0, the last at least 0 (a ball may shrink to a point).
    pub(crate) fn check(&self, name: &'static str) -> Result<(), Error> {
        match *self {
            Self::Constant(value) => Error::check_positive(name, value),
            Self::Linear { from, to, .. } | Self::Cosine { from, to, .. } => {
                Error::check_positive(name, from)?;
                Error::check_not_negative(name, to)
            }
            Self::Exponential { from, to, .. } => {
                Error::check_positive(name, from)?;
                Error::check_positive(name, to)
            }
            Self::Custom(_) => Ok(()),
        }
    }

    /// The checked value at a step: 0 only at the end of a schedule that shrinks to it.
    pub(crate) fn checked_at(&self, name: &'static str, step: u32) -> Result<f32, Error> {
        let value = self.at(step);
        match self {
            Self::Custom(_) => Error::check_positive(name, value)?,
            _ => Error::check_not_negative(name, value)?,
        }
        Ok(value)
    }
}

impl From<f32> for Schedule {
    fn from(value: f32) -> Self {
        Self::Constant(value)
    }
}
