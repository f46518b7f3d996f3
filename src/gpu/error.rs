//! What can go wrong between a program and a GPU.

use super::std::{string::String, vec::Vec};
use core::fmt;

/// What was wrong, and what was expected.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// There is no adapter, not even one that runs on the processor.
    NoAdapter,
    /// No adapter has this text in its name.
    AdapterNotFound {
        /// The part of a name that was looked for.
        name: String,
        /// The names of the adapters that there are.
        found: Vec<String>,
    },
    /// The adapter, or the limit that was set on it, is too small for the passes.
    Limit {
        /// What there is too little of.
        what: &'static str,
        /// How much is needed.
        needed: u64,
        /// How much there is.
        available: u64,
    },
    /// The device has no room for what was asked for.
    OutOfMemory {
        /// How many bytes were asked for.
        bytes: u64,
    },
    /// The device is gone: it was reset, removed, or has failed. Its vectors are gone with it.
    Lost {
        /// What the driver says about it.
        why: String,
    },
    /// The device was not done within [`Settings::longest_wait`](super::Settings::longest_wait).
    Timeout {
        /// How long it was waited for, in seconds.
        seconds: f64,
    },
    /// The vectors of a pass live on different devices.
    SeveralDevices,
    /// The driver or `wgpu` refused what it was asked for, and said this. It is an error of this
    /// library, of the driver, or of WGSL of your own.
    Refused(String),
    /// An error of the rest of the library.
    Step(crate::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAdapter => f.write_str(
                "no adapter for Vulkan, Metal or Direct3D 12: install the driver of the GPU, or, \
                 on Debian, the package mesa-vulkan-drivers, which is a Vulkan on the CPU",
            ),
            Self::AdapterNotFound { name, found } => {
                write!(f, "adapter: expected one with \"{name}\" in its name, found {found:?}")
            }
            Self::Limit { what, needed, available } => {
                write!(f, "adapter: expected at least {needed} {what}, it has {available}")
            }
            Self::OutOfMemory { bytes } => {
                write!(f, "the device has no room for {bytes} bytes more")
            }
            Self::Lost { why } => write!(f, "the device is lost: {why}"),
            Self::Timeout { seconds } => {
                write!(f, "the device was not done after {seconds} seconds: expected it to be")
            }
            Self::SeveralDevices => {
                f.write_str("vectors: expected all of a pass on one device, they are on several")
            }
            Self::Refused(text) => write!(f, "the driver or wgpu refused: {text}"),
            Self::Step(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Step(error) => Some(error),
            _ => None,
        }
    }
}

impl From<crate::Error> for Error {
    fn from(error: crate::Error) -> Self {
        Self::Step(error)
    }
}
