//! A simulated user with a simulated sensor.

pub mod gestures;
pub mod pretrain;
pub mod sensor;
