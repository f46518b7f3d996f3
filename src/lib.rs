#![doc = include_str!("../README.md")]
//!
//! # The layers of the library
//!
//! In the order in which they are best read. Each stands on those before it, and none knows those
//! after it.
//!
//! **The protocol.** An [`Optimizer`] is a state machine over your theta: it makes a [`Request`],
//! you evaluate and tell the answer, until a [`StepReport`] ends the step. [`step`] does that over
//! an [`Objective`] in one call, [`poll_step`] over a [`PollObjective`] in pieces. A [`Schedule`]
//! is a setting that changes from step to step, [`Armijo`] a line search. [`ClipNorm`],
//! [`WeightDecay`], [`ByPart`] and [`KeepStart`] are wrappers around any optimizer. Whatever goes
//! wrong is an [`Error`].
//!
//! **The ball.** [`RollingBall`] is Algorithm 1 of the paper, with its settings in
//! [`RollingBallConfig`]. Two types say what it does in a step: a [`CentreStep`] how far the centre
//! moves, and a [`Footpoint`] how the new contact with the graph is found. [`AnyRollingBall`]
//! leaves both to the run time. [`ZerothOrderBall`] needs losses only. Beside them stand [`Sgd`],
//! [`Adam`], [`Sam`], [`EntropySgd`], and [`Dog`] and [`Prodigy`], which find their rate by
//! themselves.
//!
//! **The kernels.** [`kernels`] is all that goes over memory, and the numeric contract by which
//! every implementation gives the same bits: [`VectorOps`](kernels::VectorOps) are the passes of
//! the optimizers, [`Kernels`](kernels::Kernels) adds the products of the networks.
//!
//! **The networks.** [`nn`] has layers with constant shapes, of which a tuple is a layer again. A
//! [`Network`](nn::Network) with a loss and samples is a [`Batch`](nn::Batch), which is an
//! objective; [`Memory`](nn::Memory) is all the RAM that it takes. [`nn::int8`] has frozen layers
//! in eight bits. The functions that layers call come from [`Libm`], or from another [`Math`].
//!
//! **The checkpoints.** [`Checkpoints`] keep a [`Resumable`] optimizer and its theta in flash. A
//! power failure leaves one that is whole, and a resumed training ends with the same bits.
//!
//! **Few bits.** [`few_bits`] rounds weights to 2 to 8 bits, and trains those that will be rounded.
//!
//! **The probe.** [`probe`] samples any loss along lines and planes and rolls the exact ball over
//! the samples, without an optimizer. It shows what is left of the loss at each radius. It also
//! measures how a loss is curved at a point.
//!
//! **The landscapes.** [`landscapes`] are losses in closed form, those of the paper among them, to
//! see what an optimizer does.
//!
//! **The GPU.** [`gpu`] has vectors in the memory of a GPU, passes over them, and objectives there.
//! The optimizers are the same state machines.
//!
//! # Targets
//!
//! The bits are the same on targets of either byte order and of 32 or 64 bits, and what is in a
//! file or in flash is little-endian on all of them; the tests run on x86-64, i686 and s390x too.
//! What cannot keep that promise does not compile: x86 without SSE2, whose floating-point unit
//! rounds elsewhere, and the feature `gpu` on a big-endian target.
#![cfg_attr(
    not(feature = "checkpoints"),
    doc = "\n\n[`Checkpoints`]: https://docs.rs/rolling-ball"
)]
#![cfg_attr(not(feature = "gpu"), doc = "\n\n[`gpu`]: https://docs.rs/rolling-ball")]
#![no_std]
// docs.rs tells of every item which feature it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(target_arch = "x86", not(target_feature = "sse2")))]
compile_error!(
    "the numeric contract expects SSE2 on x86, since the older floating-point unit rounds \
     elsewhere: build for i686 instead of i586, or with -C target-feature=+sse2"
);
#[cfg(all(feature = "gpu", target_endian = "big"))]
compile_error!(
    "the feature `gpu` expects a little-endian target, since vectors go to the GPU byte by byte"
);

#[cfg(feature = "threads")]
extern crate std;

mod ball;
mod baselines;
#[cfg(feature = "checkpoints")]
mod checkpoints;
mod chunks;
mod error;
pub mod few_bits;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod kernels;
pub mod landscapes;
mod math;
pub mod nn;
mod optimizer;
pub mod probe;
mod random;
mod zeroth_order_ball;

pub use ball::{
    AnyCentreStep, AnyFootpoint, AnyRollingBall, AnyRollingBallConfig, ArcLength, CentreStep,
    Footpoint, GaussNewton, GradientDescent, LaggedContact, Plain, RefreshedContact, RollingBall,
    RollingBallConfig,
};
pub use baselines::{
    Adam, AdamConfig, Dog, DogConfig, EntropySgd, EntropySgdConfig, Prodigy, ProdigyConfig, Sam,
    SamConfig, Sgd, SgdConfig,
};
#[cfg(feature = "checkpoints")]
pub use checkpoints::{CheckpointError, Checkpoints, Flash, FlashSizes, Resumed, ThetaBits};
pub use error::Error;
#[cfg(feature = "micromath")]
pub use math::Micromath;
pub use math::{Libm, Math};
pub use optimizer::{
    Armijo, ByPart, ClipNorm, Evaluation, Evaluations, FootpointReport, KeepStart, Kind, Objective,
    Optimizer, Outcome, Part, Parts, PollObjective, Rebind, Request, Resumable, STATE_VECTORS,
    STATE_WORDS, Schedule, State, StepByPart, StepReport, WeightDecay, poll_step, step,
};
pub use zeroth_order_ball::{ZerothOrderBall, ZerothOrderBallConfig};

/// What a guide shows compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/with-other-engines.md")]
struct WithOtherEngines;
