//! Which kernels are in use, and that all of them give the same bits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod evaluations;
mod features;
mod libm;
#[cfg(feature = "simd")]
mod parity;
mod pauses;
#[cfg(all(feature = "simd", feature = "threads"))]
mod threads;
