//! Entropy-SGD.

use crate::error::rb_error;
use crate::mark::Declared;
use crate::memory::Vector;
use crate::optimizer::{Buffers, Kind, init, rb_optimizer};
use crate::schedule::rb_schedule;
use crate::switch::switch;
use rolling_ball::{EntropySgd, EntropySgdConfig, Error};

/// How many vectors Entropy-SGD's workspace has, each as long as theta.
pub const RB_ENTROPY_SGD_VECTORS: usize = 3;

/// The settings of Entropy-SGD. Start from rb_entropy_sgd_default and change what you need.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_entropy_sgd_config {
    /// How much of the way from theta to the walk's mean a step goes.
    pub learning_rate: rb_schedule,
    /// The learning rate of the walk.
    pub walk_rate: rb_schedule,
    /// The moves of the walk, at least 1: the gradient evaluations of a step.
    pub moves: u32,
    /// How strongly the walk is pulled back to theta.
    pub pull: rb_schedule,
    /// The weight of the newest point in the walk's mean; above 0 and at most 1.
    pub newest: f32,
    /// The standard deviation of the noise, in units of the root of the walk's rate; 0 for none.
    pub noise: f32,
    /// The seed of the noise. The same seed gives the same noise everywhere.
    pub seed: u32,
    /// 1: the loss at the new point is evaluated, so that a step to a loss that is not finite is
    /// rolled back exactly; this costs one loss (1/3 of a gradient evaluation) a step. 0: it is
    /// not.
    pub roll_back: u32,
}

impl From<EntropySgdConfig> for rb_entropy_sgd_config {
    fn from(config: EntropySgdConfig) -> Self {
        Self {
            learning_rate: config.learning_rate.into(),
            walk_rate: config.walk_rate.into(),
            moves: config.moves,
            pull: config.pull.into(),
            newest: config.newest,
            noise: config.noise,
            seed: config.seed,
            roll_back: config.roll_back.into(),
        }
    }
}

impl TryFrom<rb_entropy_sgd_config> for EntropySgdConfig {
    type Error = Error;

    fn try_from(config: rb_entropy_sgd_config) -> Result<Self, Error> {
        Ok(Self {
            learning_rate: config.learning_rate.try_into()?,
            walk_rate: config.walk_rate.try_into()?,
            moves: config.moves,
            pull: config.pull.try_into()?,
            newest: config.newest,
            noise: config.noise,
            seed: config.seed,
            roll_back: switch("roll back", config.roll_back)?,
        })
    }
}

/// The settings of Entropy-SGD as its paper gives them, but for the rate of the walk.
#[unsafe(no_mangle)]
pub extern "C" fn rb_entropy_sgd_default() -> rb_entropy_sgd_config {
    EntropySgdConfig::default().into()
}

/// Makes `*optimizer` an Entropy-SGD over the caller's buffers, which stay the caller's and must
/// outlive it: theta, of `parameters` floats, and the workspace, of RB_ENTROPY_SGD_VECTORS times as
/// many. Each step costs as many gradient evaluations as the walk has moves.
///
/// Errors: the same as those of rb_ball_init. Cost: one pass over the workspace.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_entropy_sgd_init_sized(
    optimizer: *mut rb_optimizer,
    size: usize,
    version: u32,
    config: *const rb_entropy_sgd_config,
    theta: *mut f32,
    parameters: usize,
    workspace: *mut f32,
    workspace_length: usize,
) -> rb_error {
    let declared = Declared { size, version };
    let buffers = Buffers { theta, parameters, workspace, workspace_length };
    let build =
        |config, vectors: [Vector; RB_ENTROPY_SGD_VECTORS]| EntropySgd::new(config, vectors);
    // SAFETY: the caller promises it.
    unsafe { init(optimizer, declared, Kind::EntropySgd, config, &buffers, build) }
}
