//! What the tests share.

// Each test crate uses its own part of this.
#![allow(dead_code)]

pub mod cases;
pub mod dilation;
pub mod faults;
pub mod formulas;
pub mod layers;
pub mod numbers;
pub mod optimizers;
pub mod random;
pub mod reference_layers;
pub mod reference_network;
