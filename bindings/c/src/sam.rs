//! Sharpness-aware minimisation.

use crate::error::rb_error;
use crate::mark::Declared;
use crate::memory::Vector;
use crate::optimizer::{Buffers, Kind, init, rb_optimizer};
use crate::schedule::rb_schedule;
use crate::switch::switch;
use rolling_ball::{Error, Sam, SamConfig};

/// How many vectors SAM's workspace has, each as long as theta.
pub const RB_SAM_VECTORS: usize = 2;

/// The settings of SAM. Start from rb_sam_default and change what you need.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_sam_config {
    /// The learning rate.
    pub learning_rate: rb_schedule,
    /// The radius of the neighbourhood whose worst loss is descended.
    pub radius: rb_schedule,
    /// 1: the loss at the new point is evaluated, so that a step to a loss that is not finite is
    /// rolled back exactly; this costs one loss (1/3 of a gradient evaluation) a step. 0: it is
    /// not.
    pub roll_back: u32,
}

impl From<SamConfig> for rb_sam_config {
    fn from(config: SamConfig) -> Self {
        Self {
            learning_rate: config.learning_rate.into(),
            radius: config.radius.into(),
            roll_back: config.roll_back.into(),
        }
    }
}

impl TryFrom<rb_sam_config> for SamConfig {
    type Error = Error;

    fn try_from(config: rb_sam_config) -> Result<Self, Error> {
        Ok(Self {
            learning_rate: config.learning_rate.try_into()?,
            radius: config.radius.try_into()?,
            roll_back: switch("roll back", config.roll_back)?,
        })
    }
}

/// The settings of SAM with a constant learning rate and a constant radius.
#[unsafe(no_mangle)]
pub extern "C" fn rb_sam_default() -> rb_sam_config {
    SamConfig::default().into()
}

/// Makes `*optimizer` a SAM over the caller's buffers, which stay the caller's and must outlive it:
/// theta, of `parameters` floats, and the workspace, of RB_SAM_VECTORS times as many. Each step
/// costs two gradient evaluations.
///
/// Errors: the same as those of rb_ball_init. Cost: one pass over the workspace.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_sam_init_sized(
    optimizer: *mut rb_optimizer,
    size: usize,
    version: u32,
    config: *const rb_sam_config,
    theta: *mut f32,
    parameters: usize,
    workspace: *mut f32,
    workspace_length: usize,
) -> rb_error {
    let declared = Declared { size, version };
    let buffers = Buffers { theta, parameters, workspace, workspace_length };
    let build = |config, vectors: [Vector; RB_SAM_VECTORS]| Sam::new(config, vectors);
    // SAFETY: the caller promises it.
    unsafe { init(optimizer, declared, Kind::Sam, config, &buffers, build) }
}
