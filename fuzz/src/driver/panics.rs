//! Runs a target, and catches what it panics with.

use crate::Target;
use std::cell::RefCell;
use std::panic::{catch_unwind, set_hook};
use std::sync::Once;

/// A panic: where, and with what.
#[derive(Clone, Debug, PartialEq)]
pub struct Panic {
    pub place: String,
    pub message: String,
}

impl Panic {
    /// Whether this is the same failure as another, by its place and by how its message begins.
    pub fn is_like(&self, other: &Self) -> bool {
        let beginning = |panic: &Self| -> String {
            panic.message.chars().filter(|c| !c.is_ascii_digit()).take(50).collect()
        };
        self.place == other.place && beginning(self) == beginning(other)
    }
}

thread_local! {
    static LAST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Runs an input; how many calls it made, or how it panicked.
pub fn run(target: &Target, input: &[u8]) -> Result<u64, Panic> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let payload = panic.payload();
            let literal = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let message = payload.downcast_ref::<String>().cloned().or(literal);
            let message = message.unwrap_or_else(|| "a panic without a message".to_owned());
            let panic = Panic { place, message };
            LAST.with(|last| *last.borrow_mut() = Some(panic));
        }));
    });
    let run = target.run;
    catch_unwind(|| run(input)).map_err(|_| {
        let last = LAST.with(|last| last.borrow_mut().take());
        last.unwrap_or(Panic { place: String::new(), message: "an unknown panic".to_owned() })
    })
}
