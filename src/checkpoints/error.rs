//! What a checkpoint can be refused for.

use super::flash::FlashSizes;
use super::theta_bits::ThetaBits;
use crate::{Error, Kind};
use core::fmt;

/// What was wrong, and what was expected. `E` is the flash's own error.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CheckpointError<E> {
    /// The range does not begin and end at erase blocks of the flash.
    Range {
        /// Where it begins.
        start: u32,
        /// Where it ends.
        end: u32,
        /// Bytes of an erase block.
        erase_size: usize,
        /// Bytes of the flash.
        capacity: usize,
    },
    /// The sizes of the flash are none that checkpoints can be kept in.
    Sizes(FlashSizes),
    /// The range has no room for two checkpoints, so that one could outlive a power failure.
    TooSmall {
        /// Bytes of two slots.
        needed: u64,
        /// Bytes of the range.
        available: u32,
    },
    /// Theta has another length than the optimizer.
    Length {
        /// The length it must have.
        expected: usize,
        /// The length it has.
        actual: usize,
    },
    /// The checkpoint holds another number of parameters.
    Parameters {
        /// The optimizer's.
        expected: usize,
        /// The checkpoint's.
        saved: usize,
    },
    /// The checkpoint is another optimizer's.
    Optimizer {
        /// The optimizer that was to be resumed.
        expected: Kind,
        /// The one that was saved.
        saved: Kind,
    },
    /// The checkpoint was made with another value of this setting.
    Setting(&'static str),
    /// The checkpoint holds theta in few bits, so that the training would not go on with the same
    /// bits: [`resume_rounded`](super::Checkpoints::resume_rounded) takes it.
    Rounded(ThetaBits),
    /// The newest checkpoint has another version's layout than this library's, which therefore
    /// leaves the range alone.
    Version {
        /// The newest version that this library reads and writes.
        expected: u32,
        /// The version in flash.
        saved: u32,
    },
    /// A step is in progress; the optimizer says what it waits for.
    StepInProgress(Error),
    /// Theta holds a NaN or an infinity.
    NonFiniteParameters,
    /// What was read back is not what was written: the flash is worn out, or something else writes
    /// to the range.
    NotKept {
        /// Where the slot begins.
        start: u32,
    },
    /// The flash failed, or gave other bytes, after the whole checkpoint had been read once and
    /// found good. Theta and the optimizer hold a part of it: resume again, or start anew with
    /// a new optimizer and all of theta.
    HalfResumed,
    /// The flash failed. Resuming, what could not be read may be a checkpoint; saving, the slot
    /// could not be erased, written or read back.
    Flash(E),
}

impl<E: fmt::Debug> fmt::Display for CheckpointError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range { start, end, erase_size, capacity } => write!(
                f,
                "range {start:#x}..{end:#x}: expected multiples of the erase size {erase_size:#x}, \
                 the first below the second, up to the capacity {capacity:#x}"
            ),
            Self::Sizes(FlashSizes { read, write, erase, .. }) => write!(
                f,
                "flash: expected a read and a write of powers of two up to 512 bytes, and an erase \
                 of a multiple of the largest of them and 64, got {read}, {write} and {erase}"
            ),
            Self::TooSmall { needed, available } => {
                write!(f, "range: two slots need {needed} bytes, it has {available}")
            }
            Self::Length { expected, actual } => {
                write!(f, "theta: expected length {expected}, got {actual}")
            }
            Self::Parameters { expected, saved } => {
                write!(f, "checkpoint: expected {expected} parameters, it holds {saved}")
            }
            Self::Optimizer { expected, saved } => {
                write!(
                    f,
                    "checkpoint: expected one of {expected}, it is of {saved}: \
                     resume_theta takes theta alone"
                )
            }
            Self::Setting(name) => write!(
                f,
                "checkpoint: its {name} was another: resume with the settings that it was saved \
                 with, or take theta alone with resume_theta"
            ),
            Self::Version { expected, saved } => write!(
                f,
                "checkpoint: expected version {expected} or below, found {saved}: \
                 use the firmware that saved it, or erase the range"
            ),
            Self::Rounded(theta) => write!(
                f,
                "checkpoint: expected theta in 32 bits, it holds {} of each parameter: \
                 resume_rounded takes it, and goes on with other bits",
                theta.bits()
            ),
            Self::StepInProgress(error) => write!(f, "{error}"),
            Self::NonFiniteParameters => f.write_str("theta: expected finite values"),
            Self::NotKept { start } => {
                write!(f, "the flash did not keep what was written to the slot at {start:#x}")
            }
            Self::HalfResumed => f.write_str(
                "the flash failed while a good checkpoint was taken over: \
                 resume again, or start anew",
            ),
            Self::Flash(error) => write!(f, "the flash failed: {error:?}"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for CheckpointError<E> {}
