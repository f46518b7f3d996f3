//! The protocol of a fleet.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails panics, in what tests share too"
)]

mod feedback;
mod gateways;
mod hostile;
mod messages;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../../../../tests/support/nor_flash.rs"]
mod nor_flash;
mod power_failure;
mod refusals;
mod rounds;
mod support;
mod training;
