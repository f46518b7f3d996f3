//! Drives a target with inputs that a seed decides, on every core.

mod campaign;
mod failure;
mod inputs;
mod panics;

pub use campaign::{Campaign, Limits};
pub use failure::{Failure, repeat};
