//! The desktop's side: rehearse a run with every kind of kernels, and compare it with another's.
//!
//! ```
//! use rolling_ball::nn::{Dense, Network, QuantizedSamples};
//! use rolling_ball_rehearsal::desktop::{History, Rehearsal, events, first_difference};
//! use rolling_ball_rehearsal::{Image, OptimizerKind, Settings, whole};
//!
//! type Net = Network<'static, Dense<2, 2>>;
//!
//! let (inputs, labels) = ([0, 9, 9, 0], [0, 1]);
//! let samples = QuantizedSamples { inputs: &inputs, labels: &labels, width: 2, scale: 0.1, offset:
//! 0.0 }; let optimizer = OptimizerKind::Sgd; let settings = Settings { optimizer, steps: 3, batch:
//! 0, radius: 1.0, learning_rate: 0.5 }; let weights = [0.1; Net::PARAMETERS]; let image = Image {
//! settings, weights: &weights, labelled: samples, held_out: samples };
//!
//! let rehearsal = Rehearsal::new(&whole::<Dense<2, 2>>(&image)?, |_| {})?;
//! assert_eq!(rehearsal.first_difference()?, None);
//!
//! // What the device has printed would come from its serial line, or from an emulator.
//! let printed: String = rehearsal.wide.iter().map(|event| format!("{event}\n")).collect();
//! let device = events(&printed)?;
//! assert_eq!(first_difference(&rehearsal.history()?, &History::new(&device)?), None);
//! # Ok::<(), rolling_ball_rehearsal::desktop::Error>(())
//! ```

mod error;
mod history;
mod rehearsal;

pub use error::Error;
pub use history::{History, events, first_difference};
#[cfg(feature = "shared-library")]
pub(crate) use rehearsal::run;
pub use rehearsal::{Rehearsal, print};
