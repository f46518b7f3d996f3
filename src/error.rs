//! The one error type of the crate.

use core::fmt;

/// What was wrong, and what was expected.
///
/// An answer out of turn and a slice of the wrong length change nothing: the step goes on once the
/// right answer or slice is given. After any other error no step is in progress, and
/// [`begin`](crate::Optimizer::begin) starts anew.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// A slice or an array does not have the length that it must have.
    Length {
        /// The name of the slice.
        what: &'static str,
        /// The length that it must have, in elements.
        expected: usize,
        /// The length that it has, in elements.
        actual: usize,
    },
    /// A setting is outside its range.
    Setting {
        /// The name of the setting.
        name: &'static str,
        /// The value that was given.
        value: f32,
        /// The values that are allowed.
        expected: &'static str,
    },
    /// Bytes do not begin like the format that they should have.
    Format {
        /// The format that the bytes should have.
        what: &'static str,
        /// How that format begins.
        expected: &'static str,
    },
    /// The parameters hold a NaN or an infinity, or their norm overflows an `f32`. Nothing was
    /// changed.
    NonFiniteParameters,
    /// The objective gave a loss that is NaN or infinite, or that becomes so when it is scaled.
    /// Theta is back at the last point that the step went on from, whose loss was finite; where
    /// [`roll_back`](crate::RollingBallConfig::roll_back) is off, it stays at the point whose loss
    /// was asked for. [`Sam`](crate::Sam) and [`EntropySgd`](crate::EntropySgd), which also
    /// evaluate points that they only look at, go back to where the step began. A contact form with
    /// [`Armijo`](crate::Armijo) that stalls a rounding beside its start stays there, as
    /// [`KeepStart`](crate::KeepStart) explains.
    NonFiniteLoss,
    /// The gradient holds a NaN or an infinity, or its norm overflows an `f32`, for the ball also
    /// when it is multiplied by the loss scale. Theta is back at the last point that the step went
    /// on from; with [`Sam`](crate::Sam) and [`EntropySgd`](crate::EntropySgd), where the step
    /// began.
    NonFiniteGradient,
    /// The step would overflow an `f32`: the learning rate is too large for this gradient. Theta is
    /// at the last point that the step went on from; with [`Sam`](crate::Sam) and
    /// [`EntropySgd`](crate::EntropySgd), where the step began.
    NonFiniteUpdate,
    /// An output of the network is NaN or infinite, so no class can be named.
    NonFiniteOutput,
    /// A value of a network's input is NaN or infinite, for which the bytes of an int8 backbone
    /// have no number, so its features cannot be kept.
    NonFiniteInput,
    /// The optimizer was told something that it had not asked for.
    UnexpectedAnswer {
        /// The answer that it was waiting for.
        expected: &'static str,
    },
    /// An objective has no samples, or the weights of its samples add up to nothing.
    NoSamples,
    /// A label is not one of the network's classes.
    Class {
        /// The label that was given.
        class: usize,
        /// The number of classes; labels run from 0 to one less.
        classes: usize,
    },
}

impl Error {
    pub(crate) const STEP_IN_PROGRESS: Self =
        Self::UnexpectedAnswer { expected: "the step in progress to be done first" };

    pub(crate) const BEGIN_EXPECTED: Self =
        Self::UnexpectedAnswer { expected: "begin before an answer" };
    pub(crate) const LOSS_EXPECTED: Self =
        Self::UnexpectedAnswer { expected: "the loss alone, not the gradient" };
    pub(crate) const GRADIENT_EXPECTED: Self =
        Self::UnexpectedAnswer { expected: "the gradient, not the loss alone" };

    /// Checks that a slice has the length that it must have.
    pub(crate) fn check_length(
        what: &'static str,
        expected: usize,
        actual: usize,
    ) -> Result<(), Self> {
        if expected == actual { Ok(()) } else { Err(Self::Length { what, expected, actual }) }
    }

    /// Checks that a setting is finite and larger than zero.
    pub(crate) fn check_positive(name: &'static str, value: f32) -> Result<(), Self> {
        if value.is_finite() && value > 0.0 {
            Ok(())
        } else {
            Err(Self::Setting { name, value, expected: "a finite number above 0" })
        }
    }

    /// Checks that a setting which counts things is at least 1.
    pub(crate) fn check_count(name: &'static str, count: u32) -> Result<(), Self> {
        if count > 0 {
            Ok(())
        } else {
            Err(Self::Setting { name, value: 0.0, expected: "at least 1" })
        }
    }

    /// Checks that a setting is at least 0 and below 1.
    pub(crate) fn check_fraction(name: &'static str, value: f32) -> Result<(), Self> {
        if (0.0..1.0).contains(&value) {
            Ok(())
        } else {
            Err(Self::Setting { name, value, expected: "at least 0 and below 1" })
        }
    }

    /// Checks that a value lies between 0 and 1, both included.
    pub(crate) fn check_probability(name: &'static str, value: f32) -> Result<(), Self> {
        if (0.0..=1.0).contains(&value) {
            Ok(())
        } else {
            Err(Self::Setting { name, value, expected: "from 0 to 1" })
        }
    }

    /// Checks that a setting is finite and not negative.
    pub(crate) fn check_not_negative(name: &'static str, value: f32) -> Result<(), Self> {
        if value.is_finite() && value >= 0.0 {
            Ok(())
        } else {
            Err(Self::Setting { name, value, expected: "a finite number, 0 or above" })
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Length { what, expected, actual } => {
                write!(f, "{what}: expected length {expected}, got {actual}")
            }
            Self::Setting { name, value, expected } => {
                write!(f, "{name}: expected {expected}, got {value}")
            }
            Self::Format { what, expected } => write!(f, "{what}: expected {expected}"),
            Self::NonFiniteParameters => {
                f.write_str("theta: expected finite values with a finite norm")
            }
            Self::NonFiniteLoss => f.write_str("the objective's loss is not finite"),
            Self::NonFiniteGradient => {
                f.write_str("the objective's gradient or its norm is not finite")
            }
            Self::NonFiniteUpdate => {
                f.write_str("the step overflows: lower the learning rate or clip the gradient")
            }
            Self::NonFiniteOutput => f.write_str(
                "an output of the network is not finite: are the parameters and the input?",
            ),
            Self::NonFiniteInput => f.write_str("the network's input is not finite"),
            Self::UnexpectedAnswer { expected } => write!(f, "expected {expected}"),
            Self::NoSamples => f.write_str("the objective has no samples with a weight above 0"),
            Self::Class { class, classes } => {
                write!(f, "label: expected a class below {classes}, got {class}")
            }
        }
    }
}

impl core::error::Error for Error {}
