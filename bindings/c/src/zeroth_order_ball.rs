//! The ball that needs losses only.

use crate::error::rb_error;
use crate::mark::Declared;
use crate::memory::Vector;
use crate::optimizer::{Buffers, Kind, ended, init, rb_optimizer, with_kind};
use crate::schedule::rb_schedule;
use core::ptr;
use rolling_ball::{Error, ZerothOrderBall, ZerothOrderBallConfig};

/// The settings of the ball that needs losses only. Start from rb_zeroth_order_ball_shrinking.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_zeroth_order_ball_config {
    /// How long theta is.
    pub parameters: usize,
    /// The radius, above 0, in theta's units.
    pub radius: rb_schedule,
    /// How far a step goes, in radii, where the two losses differ as much as they usually do.
    pub learning_rate: rb_schedule,
    /// The seed of the directions.
    pub seed: u32,
}

impl From<ZerothOrderBallConfig> for rb_zeroth_order_ball_config {
    fn from(config: ZerothOrderBallConfig) -> Self {
        Self {
            parameters: config.parameters,
            radius: config.radius.into(),
            learning_rate: config.learning_rate.into(),
            seed: config.seed,
        }
    }
}

impl TryFrom<rb_zeroth_order_ball_config> for ZerothOrderBallConfig {
    type Error = Error;

    fn try_from(config: rb_zeroth_order_ball_config) -> Result<Self, Error> {
        Ok(Self {
            parameters: config.parameters,
            radius: config.radius.try_into()?,
            learning_rate: config.learning_rate.try_into()?,
            seed: config.seed,
        })
    }
}

/// The settings for so many parameters in about so many steps: the radius shrinks to a thousandth
/// of `radius`, which should be about as large as the distance from the start to what is looked
/// for, and the rate is chosen for that.
#[unsafe(no_mangle)]
pub extern "C" fn rb_zeroth_order_ball_shrinking(
    radius: f32,
    parameters: usize,
    steps: u32,
) -> rb_zeroth_order_ball_config {
    ZerothOrderBallConfig::shrinking(radius, parameters, steps).into()
}

/// Makes `*optimizer` a ball that needs losses only over the caller's theta, of
/// `config->parameters` floats, which stays the caller's and must outlive it. There is no workspace
/// and no gradient. A step asks for two losses; the first request of a step is RB_REQUEST_LOSS.
///
/// Errors: the same as those of rb_ball_init. Cost: none.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_zeroth_order_ball_init_sized(
    optimizer: *mut rb_optimizer,
    size: usize,
    version: u32,
    config: *const rb_zeroth_order_ball_config,
    theta: *mut f32,
) -> rb_error {
    // SAFETY: the caller promises it. A pointer that is wrong is refused by `init`.
    let parameters = unsafe { crate::memory::read(config) }.map_or(0, |config| config.parameters);
    let workspace = ptr::dangling_mut();
    let declared = Declared { size, version };
    let buffers = Buffers { theta, parameters, workspace, workspace_length: 0 };
    let build = |config, []: [Vector; 0]| ZerothOrderBall::new(config);
    // SAFETY: the caller promises it; the workspace has no float.
    unsafe { init(optimizer, declared, Kind::ZerothOrderBall, config, &buffers, build) }
}

/// Gives up the step in progress as rb_abandon does, and puts theta back to the middle of the
/// diameter, to the bit: to where rb_begin has rounded it. Does nothing where no step is in
/// progress.
///
/// Errors: RB_ERROR_KIND. Cost: one pass over theta.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_zeroth_order_ball_put_back(optimizer: *mut rb_optimizer) -> rb_error {
    let put_back = |ball: &mut ZerothOrderBall, mut theta: Vector| ball.put_back(theta.as_mut());
    // SAFETY: the caller promises it.
    unsafe { ended(optimizer, with_kind(optimizer, Kind::ZerothOrderBall, put_back)) }
}
