//! This repository's own scenarios, for firmware and desktop: four networks, three loads that are
//! counted on every core, passes over vectors of every length, and a soak of every optimizer.
//! `rolling-ball-rehearsal` defines what a run of the networks is.

#![no_std]
#![deny(unsafe_code)]

pub mod byte_products;
pub mod calibration;
#[path = "../../../models/generated/digits_cnn.rs"]
pub mod digits_cnn;
pub mod int8_shapes;
mod lanes;
mod networks;
pub mod passes;
pub mod slice;
pub mod soak;
pub mod training_step;
pub mod transaction;

pub use lanes::dot_with_lanes;
pub use networks::{
    Digits, DigitsTail, LastLayer, Speakers, SpeakersCnn, SpeakersCnnTail, SpeakersTail, last_layer,
};
