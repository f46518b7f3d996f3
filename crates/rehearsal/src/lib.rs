//! A fine-tuning run as a device and the desktop both make it: the same code, on the same settings,
//! samples and parameters, telling after every step the hash of theta's bits. Where two runs tell
//! the same hashes, what was rehearsed on the desktop is what the device will do.
//!
//! The run works on any [`Network`](rolling_ball::nn::Network) that classifies samples of bytes.
//! Everything that differs between two runs of a network is an [`Image`]: it may be written into
//! flash as one checked block of bytes, or be put together from statics as below. Firmware needs no
//! allocator; the feature `desktop` adds what the other side needs. `boards/own_network` in the
//! repository is a whole program, of 40 lines, that is either side.
//!
//! ```
//! use rolling_ball::kernels::Scalar;
//! use rolling_ball::nn::{self, Dense, Memory, Network, QuantizedSamples, Tanh};
//! use rolling_ball_rehearsal::{
//!     Buffers, Event, Image, OptimizerKind, Settings, fine_tune, whole,
//! };
//!
//! type Layers = (Dense<2, 4>, Tanh<4>, Dense<4, 2>);
//! type Net = Network<'static, Layers>;
//!
//! let (inputs, labels) = ([9, 200, 220, 30, 10, 180, 240, 20], [0, 1, 0, 1]);
//! let (scale, offset) = (1.0 / 128.0, -1.0);
//! let samples = QuantizedSamples { inputs: &inputs, labels: &labels, width: 2, scale, offset };
//! let optimizer = OptimizerKind::Ball;
//! let settings = Settings { optimizer, steps: 20, batch: 0, radius: 0.1, learning_rate: 0.5 };
//! let mut weights = [0.0; Net::PARAMETERS];
//! for (index, weight) in weights.iter_mut().enumerate() {
//!     *weight = (index % 5) as f32 / 4.0 - 0.5;
//! }
//! let image = Image { settings, weights: &weights, labelled: samples, held_out: samples };
//!
//! let mut memory: nn::memory!(Net, 2) = Memory::ZERO;
//! let mut hashes = Vec::new();
//! fine_tune(Scalar, &whole::<Layers>(&image)?, Buffers::from(&mut memory), || 0, |event| {
//!     if let Event::Step(step) = event {
//!         hashes.push(step.hash);
//!     }
//! })?;
//! assert_eq!(hashes.len(), 20);
//! # Ok::<(), rolling_ball::Error>(())
//! ```

#![no_std]

#[cfg(all(feature = "desktop", target_endian = "big"))]
compile_error!(
    "the feature `desktop` expects a little-endian machine, as devices are: images and hashes are \
     of the bytes of theta"
);

#[cfg(feature = "desktop")]
extern crate std;

mod config;
#[cfg(feature = "desktop")]
pub mod desktop;
mod event;
mod image;
mod model;
mod optimizer;
mod run;
#[cfg(feature = "shared-library")]
pub mod shared_library;

pub use config::OptimizerConfig;
pub use event::{Accuracy, Event, ParseError, StepEvent};
pub use image::{Image, ImageError, Settings};
pub use model::{Model, whole};
pub use optimizer::{AnyOptimizer, OptimizerKind};
pub use run::{Buffers, accuracy, fine_tune, fine_tune_with, hash};
