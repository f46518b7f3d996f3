//! How a device is chosen and used.

use super::std::string::String;
use core::time::Duration;

/// How many bytes of settings a pass is told.
pub(super) const IMMEDIATES: u32 = 64;

/// How a device is chosen and used.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// A part of the adapter's name; upper and lower case do not matter. With `None` the best
    /// adapter is chosen: discrete before integrated before virtual, and the processor last.
    pub name: Option<String>,
    /// How long to wait for the device before it counts as stuck; 60 s by default.
    pub longest_wait: Duration,
    /// The most bytes that a buffer of a vector may have, where that should be less than the
    /// adapter's own limit. A longer vector is split into several buffers. At least the bytes of a
    /// [`SEGMENT`](crate::kernels::SEGMENT).
    pub largest_binding: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { name: None, longest_wait: Duration::from_secs(60), largest_binding: None }
    }
}
