//! What every board runs, and what the desktop rehearses: fine-tuning from one flash image.
//!
//! The image holds everything that differs between runs (settings, pre-trained weights, samples); the network's
//! shape is a type. So the firmware and its rehearsal are the same code on the same bytes.

#![no_std]
#![deny(unsafe_code)]

#[path = "../../../models/generated/digits_cnn.rs"]
pub mod digits_cnn;
mod event;
mod image;
mod lanes;
mod networks;
mod optimizer;
mod run;
pub mod slice;
pub mod training_step;

pub use event::{Accuracy, Event, ParseError, StepEvent};
pub use image::{Image, ImageError, Samples, Settings};
pub use lanes::dot_with_lanes;
pub use networks::{
    Digits, DigitsTail, LastLayer, Model, Speakers, SpeakersCnn, SpeakersCnnTail, SpeakersTail,
    last_layer, whole,
};
pub use optimizer::{AnyOptimizer, OptimizerKind};
pub use run::{Buffers, accuracy, fine_tune, fine_tune_with, hash};
