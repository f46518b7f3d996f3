//! Values that change from step to step.

use crate::Error;

/// A value by step. After its last step a schedule stays at its end; with `steps` 0 it is there
/// from the start.
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
    /// From `from` to `to` by the same factor each step. Both must be above 0, and the quotient of
    /// the two must be one that an `f32` holds.
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
                done => to + (from - to) * half_cosine(done),
            },
            Self::Exponential { from, to, steps } => match fraction(steps) {
                1.0 => to,
                done => {
                    let value = from * libm::expf(libm::logf(to / from) * done);
                    // Rounding may carry it past its end, from there to infinity.
                    if value > from && value > to { to } else { value }
                }
            },
            Self::Custom(function) => function(step),
        }
    }

    /// Lets it end after so many steps, where it ends at all.
    pub fn set_steps(&mut self, count: u32) {
        match self {
            Self::Linear { steps, .. }
            | Self::Cosine { steps, .. }
            | Self::Exponential { steps, .. } => *steps = count,
            Self::Constant(_) | Self::Custom(_) => {}
        }
    }

    /// Checks that every value is finite and 0 or above; the ends of an exponential schedule must
    /// be above 0, and no further apart than an `f32` holds. A function's values are checked when
    /// they are used.
    pub(crate) fn check(&self, name: &'static str) -> Result<(), Error> {
        match *self {
            Self::Constant(value) => Error::check_not_negative(name, value),
            Self::Linear { from, to, .. } | Self::Cosine { from, to, .. } => {
                Error::check_not_negative(name, from)?;
                Error::check_not_negative(name, to)
            }
            Self::Exponential { from, to, .. } => {
                Error::check_positive(name, from)?;
                Error::check_positive(name, to)?;
                let quotient = to / from;
                if quotient.is_finite() && quotient > 0.0 {
                    return Ok(());
                }
                let expected = "an end that an f32 holds as a multiple of the start";
                Err(Error::Setting { name, value: to, expected })
            }
            Self::Custom(_) => Ok(()),
        }
    }

    /// The checked value at a step of the optimizer, for a schedule that counts from `set_at` on.
    pub(crate) fn checked_at(
        &self,
        name: &'static str,
        step: u32,
        set_at: u32,
    ) -> Result<f32, Error> {
        let value = self.at(step.saturating_sub(set_at));
        Error::check_not_negative(name, value)?;
        Ok(value)
    }

    /// Tells the schedule as a setting of a checkpoint, with the step from which on it counts where
    /// that is not the first.
    pub(crate) fn tell(
        &self,
        name: &'static str,
        set_at: u32,
        tell: &mut impl FnMut(&'static str, &[u32]),
    ) {
        let [kind, from, to, steps] = match *self {
            Self::Constant(value) => [0, value.to_bits(), 0, 0],
            Self::Linear { from, to, steps } => [1, from.to_bits(), to.to_bits(), steps],
            Self::Cosine { from, to, steps } => [2, from.to_bits(), to.to_bits(), steps],
            Self::Exponential { from, to, steps } => [3, from.to_bits(), to.to_bits(), steps],
            // A function's address is another one in every build.
            Self::Custom(_) => [4, 0, 0, 0],
        };
        match set_at {
            0 => tell(name, &[kind, from, to, steps]),
            _ => tell(name, &[kind, from, to, steps, set_at]),
        }
    }
}

/// `(1 + cos(pi t)) / 2` for `t` in `0 ..= 1`, within 2e-7: its power series on either half of the
/// wave. A general cosine would bring arithmetic on `f64` into the firmware, 7.7 KB of it.
fn half_cosine(t: f32) -> f32 {
    const SQUARE: f64 = core::f64::consts::PI * core::f64::consts::PI;
    /// `(-1)^(k + 1) pi^(2k) / (2 (2k)!)` for `k` from 1.
    const SERIES: [f32; 6] = {
        let (mut series, mut even, mut term) = ([0.0; 6], 2.0, -0.5);
        let mut rest = series.as_mut_slice();
        while let [first, others @ ..] = rest {
            term *= -SQUARE / (even * (even - 1.0));
            even += 2.0;
            *first = term as f32;
            rest = others;
        }
        series
    };
    let near = if t <= 0.5 { t } else { 1.0 - t };
    let square = near * near;
    let fall = SERIES.iter().rev().fold(0.0, |sum, term| (sum + term) * square);
    if t <= 0.5 { 1.0 - fall } else { fall }
}

impl From<f32> for Schedule {
    fn from(value: f32) -> Self {
        Self::Constant(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn the_half_cosine_is_one_at_the_start_zero_at_the_end_and_a_cosine_between() {
        assert_eq!((half_cosine(0.0), half_cosine(0.5), half_cosine(1.0)), (1.0, 0.5, 0.0));
        let mut last = 1.0;
        for step in 0..=60_000u16 {
            let t = f32::from(step) / 60_000.0;
            let exact = (1.0 + libm::cos(core::f64::consts::PI * f64::from(t))) / 2.0;
            assert!((f64::from(half_cosine(t)) - exact).abs() <= 2e-7, "{t}");
            assert!(half_cosine(t) <= last, "it rises at {t}");
            last = half_cosine(t);
        }
    }
}
