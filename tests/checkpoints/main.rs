//! Checkpoints in flash: bits, power failures, damaged images, refusals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/nor_flash.rs"]
mod nor_flash;
#[path = "../support/mod.rs"]
mod support;

mod forgery;
mod training;

mod another_optimizer;
mod damaged_images;
mod earlier_versions;
mod failing_reads;
mod few_bits;
mod fine_tuning;
mod forged_images;
mod power_failure;
mod refusals;
mod same_bits;
mod sequence_numbers;
mod theta_alone;
mod unreadable;
mod wear;
mod write_units;
