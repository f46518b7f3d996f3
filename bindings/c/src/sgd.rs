//! Gradient descent, with momentum or a line search.

use crate::armijo::rb_armijo;
use crate::error::rb_error;
use crate::mark::Declared;
use crate::memory::{Vector, read};
use crate::optimizer::{Buffers, Kind, clip, ended, init, rb_optimizer};
use crate::schedule::rb_schedule;
use crate::switch::switch;
use rolling_ball::{Error, Sgd, SgdConfig};

/// How many vectors the workspace of gradient descent without momentum has, each as long as theta.
pub const RB_SGD_VECTORS: usize = 1;
/// How many vectors the workspace of gradient descent with momentum has, each as long as theta.
pub const RB_MOMENTUM_VECTORS: usize = 2;

/// The settings of gradient descent. Start from rb_sgd_default and change what you need.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_sgd_config {
    /// The learning rate.
    pub learning_rate: rb_schedule,
    /// The momentum; at least 0 and below 1.
    pub momentum: f32,
    /// 1: the gradient looks ahead, as Nesterov's does. 0: it does not.
    pub nesterov: u32,
    /// 1: a line search finds the rate, with the settings in `armijo`; this does not go together
    /// with momentum. 0: it does not.
    pub line_search: u32,
    /// The settings of the line search.
    pub armijo: rb_armijo,
    /// 1: the loss at the new point is evaluated, so that a step to a loss that is not finite is
    /// rolled back exactly; this costs one loss (1/3 of a gradient evaluation) a step. 0: it is
    /// not.
    pub roll_back: u32,
    /// Measures every so many steps, from the first on: 1 in each of them. The norms take a quarter
    /// of a step of a small network on a Cortex-M4F.
    ///
    /// A step between them moves theta to the same bits, but looks at the loss alone: one that is
    /// not finite is refused, and theta stays where it was. Its norms are NaN in the report, and it
    /// is never rolled back. So a gradient that is not finite, or a move that overflows, goes into
    /// theta, and cannot be undone. It is found by a loss that is not finite, or else by the next
    /// step that measures (RB_ERROR_NON_FINITE_PARAMETERS); both leave theta as it is then. Keep a
    /// copy of theta, such as a checkpoint, where it is more than 1.
    ///
    /// It must be 1 with a line search.
    pub measure_every: u32,
}

impl From<SgdConfig> for rb_sgd_config {
    fn from(config: SgdConfig) -> Self {
        Self {
            learning_rate: config.learning_rate.into(),
            momentum: config.momentum,
            nesterov: config.nesterov.into(),
            line_search: config.line_search.is_some().into(),
            armijo: config.line_search.unwrap_or_default().into(),
            roll_back: config.roll_back.into(),
            measure_every: config.measure_every,
        }
    }
}

impl TryFrom<rb_sgd_config> for SgdConfig {
    type Error = Error;

    fn try_from(config: rb_sgd_config) -> Result<Self, Error> {
        Ok(Self {
            learning_rate: config.learning_rate.try_into()?,
            momentum: config.momentum,
            nesterov: switch("nesterov", config.nesterov)?,
            line_search: switch("line search", config.line_search)?.then(|| config.armijo.into()),
            roll_back: switch("roll back", config.roll_back)?,
            measure_every: config.measure_every,
        })
    }
}

/// The settings of plain gradient descent with a constant learning rate.
#[unsafe(no_mangle)]
pub extern "C" fn rb_sgd_default() -> rb_sgd_config {
    SgdConfig::default().into()
}

/// Makes `*optimizer` a gradient descent over the caller's buffers, which stay the caller's and
/// must outlive it: theta, of `parameters` floats, and the workspace, of RB_SGD_VECTORS times as
/// many, or of RB_MOMENTUM_VECTORS times as many where momentum is above 0.
///
/// Errors: the same as those of rb_ball_init. Cost: one pass over the workspace, which starts at
/// zero.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_sgd_init_sized(
    optimizer: *mut rb_optimizer,
    size: usize,
    version: u32,
    config: *const rb_sgd_config,
    theta: *mut f32,
    parameters: usize,
    workspace: *mut f32,
    workspace_length: usize,
) -> rb_error {
    let declared = Declared { size, version };
    let buffers = Buffers { theta, parameters, workspace, workspace_length };
    let plain =
        |config: SgdConfig, [gradient]: [Vector; RB_SGD_VECTORS]| Sgd::new(config, gradient, None);
    let with_velocity = |config, [gradient, velocity]: [Vector; RB_MOMENTUM_VECTORS]| {
        Sgd::new(config, gradient, Some(velocity))
    };
    // SAFETY: the caller promises it.
    unsafe {
        if read(config).is_ok_and(|settings| settings.momentum > 0.0) {
            init(optimizer, declared, Kind::Sgd, config, &buffers, with_velocity)
        } else {
            init(optimizer, declared, Kind::Sgd, config, &buffers, plain)
        }
    }
}

/// Clips the gradients that the gradient descent is told to the norm `largest`, from now on. It may
/// be called again with another norm. A checkpoint of a clipped optimizer is another than one of a
/// plain one.
///
/// Errors: RB_ERROR_SETTING where `largest` is not finite and above 0, RB_ERROR_KIND; nothing is
/// changed then. Cost: a pass over the gradient in each step, and another where it is clipped.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_sgd_clip_norm(optimizer: *mut rb_optimizer, largest: f32) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { ended(optimizer, clip::<Sgd<Vector>>(optimizer, Kind::Sgd, largest)) }
}
