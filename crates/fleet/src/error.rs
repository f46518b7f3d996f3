//! Why a device cannot take part.

use core::fmt;
use rolling_ball::FlashSizes;

/// What was wrong, and what was expected. `E` is the flash's own error.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum DeviceError<E> {
    /// The range does not begin and end at erase blocks of the flash, or is too small.
    Range {
        /// The first byte of the range that was given.
        start: u32,
        /// The byte after the last one of it.
        end: u32,
        /// The bytes that it must have, from an erase block on.
        needed: u64,
    },
    /// The sizes of the flash are none that a round can be kept in.
    Sizes(FlashSizes),
    /// Theta has another length than the model.
    Length {
        /// The length it must have.
        expected: usize,
        /// The length it has.
        actual: usize,
    },
    /// There is no round whose theta is to be trained.
    NoRound,
    /// Theta holds a NaN or an infinity.
    NotFinite,
    /// The flash failed.
    Flash(E),
}

impl<E: fmt::Debug> fmt::Display for DeviceError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range { start, end, needed } => write!(
                f,
                "range {start:#x}..{end:#x}: expected {needed} bytes or more, from one erase block \
                 of the flash to another"
            ),
            Self::Sizes(FlashSizes { read, write, erase, .. }) => write!(
                f,
                "flash: expected a read and a write of powers of two up to 128 bytes, and an erase \
                 of a multiple of 128, got {read}, {write} and {erase}"
            ),
            Self::Length { expected, actual } => {
                write!(f, "theta: expected length {expected}, got {actual}")
            }
            Self::NoRound => f.write_str("no round is to be trained: look at the stage first"),
            Self::NotFinite => f.write_str("theta: expected finite values"),
            Self::Flash(error) => write!(f, "the flash failed: {error:?}"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for DeviceError<E> {}
