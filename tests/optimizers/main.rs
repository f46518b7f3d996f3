//! Every optimizer against plain `f64` loops, and against what is not fit to be used.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod by_part;
mod estimated_rates;
mod few_bits;
mod losses_only;
mod measured;
mod sessions;
mod steps;
mod trust;
