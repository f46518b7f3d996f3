//! The ball against its identities, the exact ball, and trajectories that other programs computed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod dilation;
mod exact_ball;
mod golden;
mod identities;
