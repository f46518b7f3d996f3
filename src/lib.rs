#![doc = include_str!("../README.md")]
#![no_std]

mod ball;
mod baselines;
mod error;
pub mod kernels;
mod line_search;
mod math;
pub mod nn;
mod protocol;
mod report;
mod schedule;
mod shaping;

pub use ball::{CentreStep, Footpoint, RollingBall, RollingBallConfig};
pub use baselines::{Adam, AdamConfig, Sam, SamConfig, Sgd, SgdConfig};
pub use error::Error;
pub use line_search::Armijo;
#[cfg(feature = "micromath")]
pub use math::Micromath;
pub use math::{Libm, Math};
pub use protocol::{Objective, Optimizer, Request, step};
pub use report::{Evaluations, FootpointReport, Outcome, StepReport};
pub use schedule::Schedule;
pub use shaping::{ClipNorm, WeightDecay};
