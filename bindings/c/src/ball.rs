//! The rolling ball.

use crate::armijo::rb_armijo;
use crate::error::{Failure, rb_error};
use crate::mark::Declared;
use crate::memory::{Vector, write};
use crate::optimizer::{Buffers, Kind, check_beside, clip, ended, init, rb_optimizer, with_kind};
use crate::schedule::rb_schedule;
use crate::switch::switch;
use rolling_ball::{
    AnyCentreStep, AnyFootpoint, AnyRollingBall, AnyRollingBallConfig, ArcLength, Armijo, Error,
    GaussNewton, GradientDescent, LaggedContact, Optimizer, Plain, RefreshedContact, RollingBall,
    RollingBallConfig,
};

/// How many vectors the ball's workspace has, each as long as theta.
pub const RB_BALL_VECTORS: usize = 2;

/// The centre descends the dilated loss, with the gradient taken at the contact. With `iterations`
/// 0 the contact lags one step behind; with 1 it is found anew from the centre. Cost:
/// `iterations` + 1 gradient evaluations a step.
pub const RB_FOOTPOINT_CONTACT: u32 = 0;
/// The contact is the nearest point of the graph. Gauss-Newton finds it in at most `iterations`
/// moves, and ends earlier once the predicted decrease is below `tolerance` times the distance.
/// Cost: a gradient and at least one loss for each iteration.
pub const RB_FOOTPOINT_GAUSS_NEWTON: u32 = 1;
/// The paper's solver, which makes `iterations` gradient steps of size `projection_step`. Cost: one
/// gradient for each of them.
pub const RB_FOOTPOINT_GRADIENT_DESCENT: u32 = 2;

/// The centre moves by the learning rate times the gradient.
pub const RB_CENTRE_STEP_PLAIN: u32 = 0;
/// The centre moves by an arc length on the graph: never further than the learning rate divided by
/// the loss scale.
pub const RB_CENTRE_STEP_ARC_LENGTH: u32 = 1;
/// A line search on the loss finds the rate, with the settings in `armijo`.
pub const RB_CENTRE_STEP_ARMIJO: u32 = 2;

/// The settings of the rolling ball. Start from rb_ball_default or rb_ball_fine_tuning and change
/// what you need.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_ball_config {
    /// The radius of the ball: the scale at which it sees the loss. At a constant radius the ball
    /// does not come to rest in a valley that it does not fit into; let the radius shrink, and it
    /// ends there.
    pub radius: rb_schedule,
    /// The learning rate of the centre. It multiplies the gradient of the loss itself, whatever the
    /// loss scale is.
    pub learning_rate: rb_schedule,
    /// The factor on the loss before the ball rolls on its graph; above 0.
    pub loss_scale: f32,
    /// How the new contact is found: one of RB_FOOTPOINT_...
    pub footpoint: u32,
    /// For RB_FOOTPOINT_CONTACT: how often the contact is found anew. For the others: the most
    /// moves that are made, at least 1.
    pub iterations: u32,
    /// For RB_FOOTPOINT_GRADIENT_DESCENT: the step size of the projection; above 0.
    pub projection_step: f32,
    /// For RB_FOOTPOINT_GAUSS_NEWTON: the relative decrease at which it ends; at least 0 and
    /// below 1.
    pub tolerance: f32,
    /// How far the centre moves: one of RB_CENTRE_STEP_...
    pub centre_step: u32,
    /// For RB_CENTRE_STEP_ARMIJO: the settings of the line search.
    pub armijo: rb_armijo,
    /// 1: the loss at each new point is evaluated before the point before it is forgotten, so that
    /// a move to a loss that is not finite is rolled back exactly; this costs one loss (1/3 of a
    /// gradient evaluation) a move. 0: it is not.
    pub roll_back: u32,
}

impl From<AnyRollingBallConfig> for rb_ball_config {
    fn from(config: AnyRollingBallConfig) -> Self {
        let mut converted = Self {
            radius: config.radius.into(),
            learning_rate: config.learning_rate.into(),
            loss_scale: config.loss_scale,
            footpoint: RB_FOOTPOINT_CONTACT,
            iterations: 0,
            projection_step: 0.1,
            tolerance: 0.01,
            centre_step: RB_CENTRE_STEP_PLAIN,
            armijo: Armijo::default().into(),
            roll_back: config.roll_back.into(),
        };
        (converted.footpoint, converted.iterations) = match config.footpoint {
            AnyFootpoint::LaggedContact(_) => (RB_FOOTPOINT_CONTACT, 0),
            AnyFootpoint::RefreshedContact(RefreshedContact { refreshes }) => {
                (RB_FOOTPOINT_CONTACT, refreshes)
            }
            AnyFootpoint::GaussNewton(GaussNewton { max_iterations, tolerance }) => {
                converted.tolerance = tolerance;
                (RB_FOOTPOINT_GAUSS_NEWTON, max_iterations)
            }
            AnyFootpoint::GradientDescent(GradientDescent { step, iterations }) => {
                converted.projection_step = step;
                (RB_FOOTPOINT_GRADIENT_DESCENT, iterations)
            }
        };
        converted.centre_step = match config.centre_step {
            AnyCentreStep::Plain(_) => RB_CENTRE_STEP_PLAIN,
            AnyCentreStep::ArcLength(_) => RB_CENTRE_STEP_ARC_LENGTH,
            AnyCentreStep::Armijo(armijo) => {
                converted.armijo = armijo.into();
                RB_CENTRE_STEP_ARMIJO
            }
        };
        converted
    }
}

impl From<RollingBallConfig> for rb_ball_config {
    fn from(config: RollingBallConfig) -> Self {
        Self {
            radius: config.radius.into(),
            learning_rate: config.learning_rate.into(),
            loss_scale: config.loss_scale,
            footpoint: RB_FOOTPOINT_CONTACT,
            iterations: 0,
            projection_step: 0.1,
            tolerance: 0.01,
            centre_step: RB_CENTRE_STEP_ARC_LENGTH,
            armijo: Armijo::default().into(),
            roll_back: config.roll_back.into(),
        }
    }
}

impl TryFrom<rb_ball_config> for AnyRollingBallConfig {
    type Error = Error;

    fn try_from(config: rb_ball_config) -> Result<Self, Error> {
        let unknown =
            |name, kind: u32, expected| Error::Setting { name, value: kind as f32, expected };
        let iterations = config.iterations;
        Ok(Self {
            radius: config.radius.try_into()?,
            learning_rate: config.learning_rate.try_into()?,
            loss_scale: config.loss_scale,
            footpoint: match config.footpoint {
                RB_FOOTPOINT_CONTACT => match iterations {
                    0 => LaggedContact.into(),
                    refreshes => RefreshedContact { refreshes }.into(),
                },
                RB_FOOTPOINT_GAUSS_NEWTON => AnyFootpoint::GaussNewton(GaussNewton {
                    max_iterations: iterations,
                    tolerance: config.tolerance,
                }),
                RB_FOOTPOINT_GRADIENT_DESCENT => AnyFootpoint::GradientDescent(GradientDescent {
                    step: config.projection_step,
                    iterations,
                }),
                kind => return Err(unknown("footpoint", kind, "one of RB_FOOTPOINT_...")),
            },
            centre_step: match config.centre_step {
                RB_CENTRE_STEP_PLAIN => AnyCentreStep::Plain(Plain),
                RB_CENTRE_STEP_ARC_LENGTH => AnyCentreStep::ArcLength(ArcLength),
                RB_CENTRE_STEP_ARMIJO => AnyCentreStep::Armijo(config.armijo.into()),
                kind => return Err(unknown("centre step", kind, "one of RB_CENTRE_STEP_...")),
            },
            roll_back: switch("roll back", config.roll_back)?,
        })
    }
}

/// The settings of the form that serves fine-tuning best at equal cost, with a constant radius and
/// a constant learning rate.
#[unsafe(no_mangle)]
pub extern "C" fn rb_ball_default() -> rb_ball_config {
    RollingBallConfig::default().into()
}

/// Settings for fine-tuning a network in about this many steps: the default form, with a radius and
/// a learning rate that do well untuned and shrink to nothing together.
#[unsafe(no_mangle)]
pub extern "C" fn rb_ball_fine_tuning(steps: u32) -> rb_ball_config {
    RollingBallConfig::fine_tuning(steps).into()
}

/// The default settings with a radius and a learning rate that shrink to nothing together, on half
/// a cosine.
#[unsafe(no_mangle)]
pub extern "C" fn rb_ball_shrinking(radius: f32, learning_rate: f32, steps: u32) -> rb_ball_config {
    RollingBallConfig::shrinking(radius, learning_rate, steps).into()
}

type Ball = AnyRollingBall<Vector>;

/// Makes `*optimizer` a rolling ball over the caller's buffers, which stay the caller's and must
/// outlive it: theta, of `parameters` floats, and the workspace, of RB_BALL_VECTORS times as many,
/// whose content does not matter.
///
/// Errors: RB_ERROR_SETTING and RB_ERROR_LENGTH, where rb_last_error says which setting or length
/// is meant; RB_ERROR_OVERLAP where theta, the workspace and the optimizer overlap. After any error
/// the optimizer is not initialised, whatever it was before, and the buffers are as they were.
/// Cost: one pass over the workspace, which starts at zero.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_ball_init_sized(
    optimizer: *mut rb_optimizer,
    size: usize,
    version: u32,
    config: *const rb_ball_config,
    theta: *mut f32,
    parameters: usize,
    workspace: *mut f32,
    workspace_length: usize,
) -> rb_error {
    let declared = Declared { size, version };
    let buffers = Buffers { theta, parameters, workspace, workspace_length };
    let build = |config, vectors: [Vector; RB_BALL_VECTORS]| Ball::new(config, vectors);
    // SAFETY: the caller promises it.
    unsafe { init(optimizer, declared, Kind::Ball, config, &buffers, build) }
}

/// The form of the ball that the presets have.
type ContactBall = RollingBall<Vector>;

impl TryFrom<rb_ball_config> for RollingBallConfig {
    type Error = Error;

    fn try_from(config: rb_ball_config) -> Result<Self, Error> {
        let unknown =
            |name, kind: u32, expected| Err(Error::Setting { name, value: kind as f32, expected });
        if config.footpoint != RB_FOOTPOINT_CONTACT {
            return unknown("footpoint", config.footpoint, "RB_FOOTPOINT_CONTACT");
        }
        if config.iterations != 0 {
            return unknown("iterations", config.iterations, "0");
        }
        if config.centre_step != RB_CENTRE_STEP_ARC_LENGTH {
            return unknown("centre step", config.centre_step, "RB_CENTRE_STEP_ARC_LENGTH");
        }
        Ok(Self {
            radius: config.radius.try_into()?,
            learning_rate: config.learning_rate.try_into()?,
            loss_scale: config.loss_scale,
            footpoint: LaggedContact,
            centre_step: ArcLength,
            roll_back: switch("roll back", config.roll_back)?,
        })
    }
}

/// Makes `*optimizer` a ball of the form that the presets have, and no other: a contact that lags
/// one step behind, and an arc length. It is in all else what rb_ball_init makes, with the same
/// bits and the same checkpoints, and the functions for a ball take it, but for the one that clips
/// norms. A program that does not call rb_ball_init is without the other forms.
///
/// Errors: those of rb_ball_init, and RB_ERROR_SETTING where the settings are of another form.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_contact_ball_init_sized(
    optimizer: *mut rb_optimizer,
    size: usize,
    version: u32,
    config: *const rb_ball_config,
    theta: *mut f32,
    parameters: usize,
    workspace: *mut f32,
    workspace_length: usize,
) -> rb_error {
    let declared = Declared { size, version };
    let buffers = Buffers { theta, parameters, workspace, workspace_length };
    let build = |config, vectors: [Vector; RB_BALL_VECTORS]| ContactBall::new(config, vectors);
    // SAFETY: the caller promises it.
    unsafe { init(optimizer, declared, Kind::ContactBall, config, &buffers, build) }
}

/// Calls a ball, whichever init function has made it.
///
/// # Safety
///
/// The same as for `with_kind`.
unsafe fn with_ball<T>(
    optimizer: *mut rb_optimizer,
    any: impl FnOnce(&mut Ball, Vector) -> Result<T, Error>,
    contact: impl FnOnce(&mut ContactBall, Vector) -> Result<T, Error>,
) -> Result<T, Failure> {
    // SAFETY: the caller promises it.
    unsafe {
        match with_kind(optimizer, Kind::Ball, any) {
            Err(Failure::Pointer(rb_error::Kind)) => {
                with_kind(optimizer, Kind::ContactBall, contact)
            }
            answer => answer,
        }
    }
}

/// Sets the radius of the ball from the next step on.
///
/// Errors: RB_ERROR_SETTING where the value is out of range, and the radius is then unchanged;
/// RB_ERROR_KIND where the optimizer is not a ball.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_ball_set_radius(
    optimizer: *mut rb_optimizer,
    radius: rb_schedule,
) -> rb_error {
    let any = |ball: &mut Ball, _| ball.set_radius(radius.try_into()?);
    let contact = |ball: &mut ContactBall, _| ball.set_radius(radius.try_into()?);
    // SAFETY: the caller promises it.
    unsafe { ended(optimizer, with_ball(optimizer, any, contact)) }
}

/// Sets the learning rate of the ball from the next step on.
///
/// Errors: the same as those of rb_ball_set_radius.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_ball_set_learning_rate(
    optimizer: *mut rb_optimizer,
    learning_rate: rb_schedule,
) -> rb_error {
    let any = |ball: &mut Ball, _| ball.set_learning_rate(learning_rate.try_into()?);
    let contact = |ball: &mut ContactBall, _| ball.set_learning_rate(learning_rate.try_into()?);
    // SAFETY: the caller promises it.
    unsafe { ended(optimizer, with_ball(optimizer, any, contact)) }
}

/// Gives the parameters of the ball's centre, for those who deploy the centre and not the contact
/// theta. They are written over the gradient's buffer and are as long as theta; `*centre` points to
/// them until the next step.
///
/// Errors: RB_ERROR_UNEXPECTED_ANSWER while a step is in progress; RB_ERROR_KIND where the
/// optimizer is not a ball. Cost: one pass over theta and the workspace.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_ball_centre(
    optimizer: *mut rb_optimizer,
    centre: *mut *const f32,
) -> rb_error {
    let any = |ball: &mut Ball, theta: Vector| ball.centre(theta.as_ref()).map(<[f32]>::as_ptr);
    let contact =
        |ball: &mut ContactBall, theta: Vector| ball.centre(theta.as_ref()).map(<[f32]>::as_ptr);
    // SAFETY: the caller promises it.
    unsafe {
        let computed = check_beside(optimizer, centre)
            .map_err(Failure::from)
            .and_then(|()| with_ball(optimizer, any, contact))
            .and_then(|start| write(centre, start).map_err(Failure::from));
        ended(optimizer, computed)
    }
}

/// Clips the gradients that the ball is told to the norm `largest`, from now on. It may be called
/// again with another norm. A checkpoint of a clipped optimizer is another than one of a plain one.
///
/// Errors: RB_ERROR_SETTING where `largest` is not finite and above 0, RB_ERROR_KIND; nothing is
/// changed then. Cost: a pass over the gradient in each step, and another where it is clipped.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_ball_clip_norm(optimizer: *mut rb_optimizer, largest: f32) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { ended(optimizer, clip::<Ball>(optimizer, Kind::Ball, largest)) }
}

/// Does for what rb_contact_ball_init made what rb_ball_clip_norm does for the others.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_contact_ball_clip_norm(
    optimizer: *mut rb_optimizer,
    largest: f32,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { ended(optimizer, clip::<ContactBall>(optimizer, Kind::ContactBall, largest)) }
}
