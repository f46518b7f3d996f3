//! The C interface: what `include/rolling_ball.h` declares.
//!
//! Pointers from C are checked (memory.rs) before the core, which has no `unsafe`, sees slices.
//! Types are named as C names them, so that one name is found everywhere.

#![cfg_attr(not(test), no_std)]
#![allow(non_camel_case_types, reason = "the names of the C header")]
#![allow(
    clippy::missing_safety_doc,
    reason = "one contract for all functions, at the top of the header"
)]

mod adam;
mod armijo;
mod ball;
mod error;
mod memory;
mod mlp;
mod optimizer;
mod report;
mod sam;
mod schedule;
mod sgd;
#[cfg(test)]
mod tests;

/// Not reachable from any function of the header, which `cargo xtask test` reads from the linked
/// code.
#[cfg(not(test))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
