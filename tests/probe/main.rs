//! What a loss looks like at a chosen scale: slices, landscapes in closed form, basins.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "threads")]
mod basins;
mod curvature;
mod landscapes;
mod slices;
