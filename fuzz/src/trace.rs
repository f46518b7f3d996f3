//! What an input that is repeated does, line by line on stderr.

use std::fmt::Arguments;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static TRACED: AtomicBool = AtomicBool::new(false);

/// From now on every call is told.
pub fn trace() {
    TRACED.store(true, Relaxed);
}

/// Tells something, where that was asked for.
#[inline]
pub fn tell(what: Arguments<'_>) {
    if TRACED.load(Relaxed) {
        eprintln!("{what}");
    }
}
