//! The C interface, as `include/rolling_ball.h` declares it.
//!
//! Pointers from C are checked (memory.rs) before the core, which has no `unsafe`, sees them as
//! slices. Types have the names that C gives them, so that a search for a name finds it everywhere.

#![cfg_attr(not(test), no_std)]
#![allow(non_camel_case_types, reason = "the names of the C header")]
#![allow(
    clippy::missing_safety_doc,
    reason = "one contract for all functions, at the top of the header"
)]

mod adam;
mod armijo;
mod ball;
mod checkpoints;
mod entropy_sgd;
mod error;
pub mod fine_tuning;
mod flash;
mod fleet;
mod input;
mod mark;
mod memory;
mod mlp;
pub mod network;
mod optimizer;
mod report;
mod sam;
mod schedule;
mod sgd;
mod switch;
#[cfg(test)]
mod tests;
mod version;
mod zeroth_order_ball;

pub use error::rb_error;
pub use fine_tuning::{
    rb_fine_tuning, rb_fine_tuning_arrays, rb_fine_tuning_config, rb_fine_tuning_report,
};
pub use flash::rb_flash;
pub use input::rb_input;
pub use mark::Declared;
