//! Checkpoints in flash: bits, power failures, damaged images, refusals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/nor_flash.rs"]
mod nor_flash;
#[path = "../support/mod.rs"]
mod support;

mod damaged_images;
mod earlier_versions;
mod power_failure;
mod refusals;
mod same_bits;
mod theta_alone;
mod training;
mod wear;
