//! A wearable that learns its user's way of making four gestures, from an accelerometer on I2C.
//!
//! The program is the same on every board, since it is written over `embedded-hal`. A board calls
//! [`App::turn`] in a loop, with a closure that is told each [`Event`]. The program learns in
//! pieces of one sample and looks at the sensor between any two of them, so that no reading is
//! missed while it learns.
#![no_std]

mod accelerometer;
mod app;
mod event;
mod network;
mod segmenter;

pub use accelerometer::{Accelerometer, READINGS_A_SECOND, Reading, SensorError};
pub use app::{App, Memory, RAM_BYTES};
pub use event::{Event, Gesture};
pub use network::{Layers, Net, Store, Whole};
pub use segmenter::{AXES, READINGS, Segmenter, VALUES, Window};
