//! Adam and AdamW.

use crate::error::rb_error;
use crate::mark::Declared;
use crate::memory::Vector;
use crate::optimizer::{Buffers, Kind, clip, ended, init, rb_optimizer};
use crate::schedule::rb_schedule;
use crate::switch::switch;
use rolling_ball::{Adam, AdamConfig, Error};

/// How many vectors Adam's workspace has, each as long as theta.
pub const RB_ADAM_VECTORS: usize = 3;

/// Settings of Adam. Start from rb_adam_default and change what you need.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_adam_config {
    /// The learning rate.
    pub learning_rate: rb_schedule,
    /// The decay of the running mean of the gradient; at least 0 and below 1.
    pub beta1: f32,
    /// The decay of the running mean of the squared gradient; at least 0 and below 1.
    pub beta2: f32,
    /// The number that is added to the root of the second moment; above 0.
    pub epsilon: f32,
    /// The decoupled weight decay; above 0, this is AdamW.
    pub weight_decay: f32,
    /// 1: the loss at the new point is evaluated, so that a step to a loss that is not finite is
    /// rolled back exactly; this costs one loss (1/3 of a gradient evaluation) a step. 0: it is
    /// not.
    pub roll_back: u32,
}

impl From<AdamConfig> for rb_adam_config {
    fn from(config: AdamConfig) -> Self {
        Self {
            learning_rate: config.learning_rate.into(),
            beta1: config.beta1,
            beta2: config.beta2,
            epsilon: config.epsilon,
            weight_decay: config.weight_decay,
            roll_back: config.roll_back.into(),
        }
    }
}

impl TryFrom<rb_adam_config> for AdamConfig {
    type Error = Error;

    fn try_from(config: rb_adam_config) -> Result<Self, Error> {
        Ok(Self {
            learning_rate: config.learning_rate.try_into()?,
            beta1: config.beta1,
            beta2: config.beta2,
            epsilon: config.epsilon,
            weight_decay: config.weight_decay,
            roll_back: switch("roll back", config.roll_back)?,
        })
    }
}

/// The settings of Adam as its paper gives them.
#[unsafe(no_mangle)]
pub extern "C" fn rb_adam_default() -> rb_adam_config {
    AdamConfig::default().into()
}

/// Makes `*optimizer` an Adam over the caller's buffers, which stay the caller's and must outlive
/// it: theta, of `parameters` floats, and the workspace, of RB_ADAM_VECTORS times as many.
///
/// Errors: the same as those of rb_ball_init. Cost: one pass over the workspace.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_adam_init_sized(
    optimizer: *mut rb_optimizer,
    size: usize,
    version: u32,
    config: *const rb_adam_config,
    theta: *mut f32,
    parameters: usize,
    workspace: *mut f32,
    workspace_length: usize,
) -> rb_error {
    let declared = Declared { size, version };
    let buffers = Buffers { theta, parameters, workspace, workspace_length };
    let build = |config, vectors: [Vector; RB_ADAM_VECTORS]| Adam::new(config, vectors);
    // SAFETY: the caller promises it.
    unsafe { init(optimizer, declared, Kind::Adam, config, &buffers, build) }
}

/// Clips the gradients that the Adam is told to the norm `largest`, from now on. It may be called
/// again with another norm. A checkpoint of a clipped optimizer is another than one of a plain one.
///
/// Errors: RB_ERROR_SETTING where `largest` is not finite and above 0, RB_ERROR_KIND; nothing is
/// changed then. Cost: a pass over the gradient in each step, and another where it is clipped.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_adam_clip_norm(optimizer: *mut rb_optimizer, largest: f32) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { ended(optimizer, clip::<Adam<Vector>>(optimizer, Kind::Adam, largest)) }
}
