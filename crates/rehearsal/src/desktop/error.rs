//! What can be wrong with a rehearsal, or with what a device has printed.

use crate::ParseError;
use core::fmt;
use std::string::String;

/// What was wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The run itself failed.
    Run(rolling_ball::Error),
    /// A line that no run prints.
    Line {
        /// The line that was read.
        line: String,
        /// What was expected.
        expected: ParseError,
    },
    /// A run ended before it told its accuracy after the last step.
    Incomplete,
    /// The scalar and the wide kernels gave different bits from this step on.
    Kernels {
        /// The step, counted from 0.
        step: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(error) => write!(f, "the rehearsal failed: {error}"),
            Self::Line { line, expected } => write!(f, "the run printed {line:?}: {expected}"),
            Self::Incomplete => f.write_str("the run ended without telling its accuracy"),
            Self::Kernels { step } => write!(
                f,
                "scalar and wide kernels differ from step {step} on: this breaks the numeric \
                 contract"
            ),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Run(error) => Some(error),
            Self::Line { expected, .. } => Some(expected),
            Self::Incomplete | Self::Kernels { .. } => None,
        }
    }
}

impl From<rolling_ball::Error> for Error {
    fn from(error: rolling_ball::Error) -> Self {
        Self::Run(error)
    }
}
