//! Layers, losses and networks against plain loops, finite differences and PyTorch.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod batches;
mod bits;
mod features;
mod fine_tuning;
mod forgotten_inputs;
mod int8;
mod int8_layer;
mod int8_layer_norm;
mod layers;
mod layers_over_slices;
mod losses;
#[cfg(feature = "micromath")]
mod math;
mod pytorch;
#[cfg(feature = "heapless")]
mod sample_store;
mod samples;
