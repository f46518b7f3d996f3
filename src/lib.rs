#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(feature = "threads")]
extern crate std;

mod ball;
mod baselines;
#[cfg(feature = "checkpoints")]
mod checkpoints;
mod error;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod kernels;
pub mod landscapes;
mod math;
pub mod nn;
mod optimizer;
pub mod probe;

pub use ball::{
    AnyCentreStep, AnyFootpoint, AnyRollingBall, AnyRollingBallConfig, ArcLength, CentreStep,
    Footpoint, GaussNewton, GradientDescent, LaggedContact, Plain, RefreshedContact, RollingBall,
    RollingBallConfig,
};
pub use baselines::{
    Adam, AdamConfig, EntropySgd, EntropySgdConfig, Sam, SamConfig, Sgd, SgdConfig,
};
#[cfg(feature = "checkpoints")]
pub use checkpoints::{CheckpointError, Checkpoints};
pub use error::Error;
#[cfg(feature = "micromath")]
pub use math::Micromath;
pub use math::{Libm, Math};
pub use optimizer::{
    Armijo, ByPart, ClipNorm, Evaluation, Evaluations, FootpointReport, Kind, Objective, Optimizer,
    Outcome, Part, Parts, PollObjective, Request, Resumable, STATE_WORDS, Schedule, State,
    StepByPart, StepReport, WeightDecay, poll_step, step,
};
