#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(feature = "std")]
extern crate std;

mod ball;
mod baselines;
#[cfg(feature = "std")]
pub mod basins;
mod error;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod kernels;
pub mod landscapes;
mod line_search;
mod math;
pub mod nn;
pub mod probe;
mod protocol;
mod report;
mod resumable;
mod schedule;
mod shaping;
#[cfg(feature = "storage")]
mod storage;

pub use ball::{CentreStep, Footpoint, RollingBall, RollingBallConfig};
pub use baselines::{
    Adam, AdamConfig, EntropySgd, EntropySgdConfig, Sam, SamConfig, Sgd, SgdConfig,
};
pub use error::Error;
pub use line_search::Armijo;
#[cfg(feature = "micromath")]
pub use math::Micromath;
pub use math::{Libm, Math};
pub use protocol::{Objective, Optimizer, Request, step};
pub use report::{Evaluations, FootpointReport, Outcome, StepReport};
pub use resumable::{Kind, Resumable, STATE_WORDS, State};
pub use schedule::Schedule;
pub use shaping::{ClipNorm, WeightDecay};
#[cfg(feature = "storage")]
pub use storage::{CheckpointError, Checkpoints};
