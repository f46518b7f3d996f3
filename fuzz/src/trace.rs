//! What an input does, line by line: told where it is repeated, and kept where inputs are chosen by
//! it.

use std::cell::RefCell;
use std::fmt::Arguments;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static TRACED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// The lines that are kept, where they are.
    static KEPT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on every call is told on stderr.
pub fn trace() {
    TRACED.store(true, Relaxed);
}

/// Runs some work, and returns what it told as well.
pub fn kept<T>(work: impl FnOnce() -> T) -> (T, String) {
    trace();
    KEPT.with(|kept| *kept.borrow_mut() = Some(String::new()));
    let done = work();
    let lines = KEPT.with(|kept| kept.borrow_mut().take());
    (done, lines.unwrap_or_default())
}

/// Tells something, where that was asked for.
#[inline]
pub fn tell(what: Arguments<'_>) {
    if TRACED.load(Relaxed) {
        KEPT.with(|kept| match &mut *kept.borrow_mut() {
            Some(lines) => *lines += &format!("{what}\n"),
            None => eprintln!("{what}"),
        });
    }
}
