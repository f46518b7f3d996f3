//! The device's half of a fleet's protocol, over a flash that C drives and any serial port.

use crate::error::{Failure, rb_error};
use crate::flash::rb_flash;
use crate::mark::{Declared, Mark};
use crate::memory::{check, check_apart, check_many, extent, read, slice, slice_mut, write};
use core::ffi::c_void;
use rolling_ball::Error;
use rolling_ball_fleet::{
    Begin, Device, DeviceConfig, DeviceError, Metrics, RoundId, Stage, model_hash,
};

/// The size of an rb_fleet, in words of 8 bytes.
pub const RB_FLEET_WORDS: usize = 64;

/// A device of a fleet. Its memory belongs to the caller: a static, or a local that starts as
/// `{{0}}`. Its content belongs to the library. It holds no address but its own, which is not
/// looked at: it may be copied, and of two copies one is to be used.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_fleet {
    opaque: [u64; RB_FLEET_WORDS],
}

/// What a device is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_fleet_config {
    /// A hash that tells the model from others, such as rb_fleet_model_hash makes. The devices of a
    /// federation have the same.
    pub model: u32,
    /// The parameters that are trained.
    pub parameters: u32,
    /// The samples that it would learn from.
    pub samples: u32,
    /// The range of the checkpoints of the training, whose bounds are multiples of the erase size,
    /// or two zeros. It is erased before a round begins.
    pub checkpoints_start: u32,
    /// The offset behind the last byte of that range.
    pub checkpoints_end: u32,
}

/// How far a device is in its round.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum rb_fleet_stage {
    /// It is in no round.
    Idle = 0,
    /// Theta comes.
    Receiving = 1,
    /// Theta is there, and is to be trained: rb_fleet_start, and then rb_fleet_trained.
    Training = 2,
    /// The update may be asked for; theta must stay as it is.
    Ready = 3,
    /// The update has been counted, and the round is over.
    Done = 4,
    /// The training has failed, and there is no update.
    Failed = 5,
}

/// What a device is to do in a round. All zeros where it is in none.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_fleet_round {
    /// The federation.
    pub federation: u32,
    /// The round in it.
    pub round: u32,
    /// Chooses the samples of the first step, or the guard's folds.
    pub seed: u32,
    /// The steps to make.
    pub steps: u32,
    /// The samples of a step; 0 stands for all of them.
    pub batch: u32,
    /// The radius of the ball at the start.
    pub radius: f32,
    /// The learning rate at the start.
    pub learning_rate: f32,
    /// 1 where held-out samples are to say how much of the move to keep.
    pub guarded: u32,
}

/// What a device tells of a round that it has trained.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_fleet_metrics {
    /// The samples that it has learned from.
    pub samples: u32,
    /// How many of them the theta of the round's start answers with their label.
    pub correct_before: u32,
    /// How many the trained theta does.
    pub correct_after: u32,
    /// The mean loss over them with the theta of the round's start.
    pub loss_before: f32,
    /// The mean loss with the trained theta.
    pub loss_after: f32,
    /// How much of the move the guard has kept; 1 without a guard.
    pub kept: f32,
    /// The part of the labels that the guard finds wrong; 0 without a guard.
    pub wrong_labels: f32,
    /// The steps that were made.
    pub steps: u32,
}

/// Bytes to be sent: null and 0 where there are none. They stay until the next call on the device.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_fleet_frame {
    /// The first of them, or null.
    pub start: *const u8,
    /// How many there are.
    pub length: usize,
}

/// Marks the start of an object on which an init function was called.
const MAGIC: u32 = 0x5242_464c;

/// What an `rb_fleet` holds.
#[repr(C)]
struct State {
    mark: Mark,
    /// `None` where the initialisation failed.
    device: Option<Device>,
}

const _: () = assert!(
    size_of::<State>() <= size_of::<rb_fleet>() && align_of::<State>() <= align_of::<rb_fleet>(),
    "a device does not fit its C storage: raise RB_FLEET_WORDS"
);

impl<E> From<DeviceError<E>> for Failure {
    fn from(error: DeviceError<E>) -> Self {
        let setting = |name, expected| Error::Setting { name, value: f32::NAN, expected };
        match error {
            DeviceError::Range { start, end, needed } => {
                let available = end.saturating_sub(start) as usize;
                let needed = usize::try_from(needed).unwrap_or(usize::MAX);
                if needed > available {
                    return Self::Room { needed, available };
                }
                setting("start and end of the flash", "multiples of the erase size").into()
            }
            DeviceError::Sizes(_) => setting("sizes of the flash", "a unit of up to 128").into(),
            DeviceError::Length { expected, actual } => {
                Error::Length { what: "theta", expected, actual }.into()
            }
            DeviceError::NoRound => rb_error::NoRound.into(),
            DeviceError::NotFinite => Error::NonFiniteParameters.into(),
            DeviceError::Flash(_) => rb_error::Flash.into(),
            _ => rb_error::Other.into(),
        }
    }
}

impl rb_fleet_round {
    fn id(&self) -> RoundId {
        RoundId { federation: self.federation, round: self.round }
    }
}

impl From<Begin> for rb_fleet_round {
    fn from(begin: Begin) -> Self {
        Self {
            federation: begin.id.federation,
            round: begin.id.round,
            seed: begin.seed,
            steps: begin.steps.into(),
            batch: begin.batch.into(),
            radius: begin.radius,
            learning_rate: begin.learning_rate,
            guarded: begin.guarded.into(),
        }
    }
}

/// The driver that a pointer leads to.
///
/// # Safety
///
/// The pointer may be null; else it must lead to a whole `rb_flash` that nobody writes meanwhile.
unsafe fn driver(flash: *const rb_flash) -> Result<rb_flash, Failure> {
    // SAFETY: the caller promises it.
    let flash = unsafe { read(flash)? };
    if flash.read.is_none() || flash.write.is_none() || flash.erase.is_none() {
        return Err(rb_error::Null.into());
    }
    Ok(flash)
}

/// Lends the device of an object.
///
/// # Safety
///
/// A pointer that is not null and aligned must lead to an `rb_fleet`, which nobody else uses during
/// the call.
unsafe fn with<T>(
    fleet: *mut rb_fleet,
    work: impl FnOnce(&mut Device) -> Result<T, Failure>,
) -> Result<T, Failure> {
    // SAFETY: the caller promises it; an object with this mark holds a state.
    unsafe {
        Mark::read(MAGIC, fleet)?;
        let state = &mut *fleet.cast::<State>();
        work(state.device.as_mut().ok_or(rb_error::NotInitialised)?)
    }
}

/// The bytes of flash that a device needs, where an erase block has so many: two blocks, and three
/// times theta, each in whole blocks.
#[unsafe(no_mangle)]
pub extern "C" fn rb_fleet_bytes(erase_size: u32, parameters: u32) -> u64 {
    Device::bytes(erase_size.max(1) as usize, parameters as usize)
}

/// A hash that tells a model from others by all of it that does not change: its sizes, and
/// `frozen_bytes` bytes of what is frozen, such as a backbone; `frozen` may be null where there are
/// none. Writes it to `hash`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_fleet_model_hash(
    inputs: u32,
    outputs: u32,
    parameters: u32,
    frozen: *const c_void,
    frozen_bytes: usize,
    hash: *mut u32,
) -> rb_error {
    // SAFETY: the caller promises it.
    rb_error::from(unsafe {
        let frozen: Result<&[u8], rb_error> =
            if frozen_bytes == 0 { Ok(&[]) } else { slice(frozen.cast(), frozen_bytes) };
        check(hash)
            .and(frozen)
            .and_then(|frozen| write(hash, model_hash(inputs, outputs, parameters, &[frozen])))
    })
}

/// Makes a device of a fleet, or goes on with the round that it was in before a reset. The range of
/// the flash is the fleet's alone, with rb_fleet_bytes of room; what it holds at first does not
/// matter. To read and to write, the flash has units of at most 128 bytes.
///
/// Errors: RB_ERROR_NULL, RB_ERROR_MISALIGNED, RB_ERROR_HEADER, RB_ERROR_OVERLAP; RB_ERROR_SETTING
/// where the sizes or the range of the flash are none that can be used; RB_ERROR_ROOM. Cost: theta
/// and what is left of the last update are read once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_fleet_init_sized(
    fleet: *mut rb_fleet,
    size: usize,
    version: u32,
    flash: *const rb_flash,
    config: *const rb_fleet_config,
) -> rb_error {
    // SAFETY: the caller promises it; the object is written as a whole.
    rb_error::from(unsafe {
        Declared { size, version }.check::<rb_fleet>(fleet).map_err(Failure::from).and_then(|()| {
            check(flash)?;
            check(config)?;
            check_apart(&[extent(fleet, 1)], &[extent(flash, 1), extent(config, 1)])?;
            let state = fleet.cast::<State>();
            let mark = Mark::new(MAGIC, fleet);
            state.write(State { mark, device: None });
            let mut flash = driver(flash)?;
            let (range, config) = (flash.start..flash.end, read(config)?);
            let device = Device::new(
                &mut flash,
                DeviceConfig {
                    model: config.model,
                    parameters: config.parameters,
                    samples: config.samples,
                    range,
                    checkpoints: config.checkpoints_start..config.checkpoints_end,
                },
            )?;
            state.write(State { mark, device: Some(device) });
            Ok::<_, Failure>(())
        })
    })
}

/// Takes a byte that came, and writes to `answer` what is to be sent, where something is. Theta, of
/// `parameters` floats, is looked at from RB_FLEET_STAGE_READY on, and must be the trained one
/// then. Between two steps of a training it is called as well, and the round may be another
/// afterwards.
///
/// Errors: RB_ERROR_NULL, RB_ERROR_MISALIGNED, RB_ERROR_NOT_INITIALISED, RB_ERROR_OVERLAP. That the
/// flash fails is told to the gateway. Cost: mostly none; at the end of a frame a checksum of it,
/// and what the request asks of the flash, once a round to erase the range of theta.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_fleet_hear(
    fleet: *mut rb_fleet,
    flash: *const rb_flash,
    theta: *const f32,
    parameters: usize,
    byte: u8,
    answer: *mut rb_fleet_frame,
) -> rb_error {
    // SAFETY: the caller promises it.
    rb_error::from(unsafe {
        with(fleet, |device| {
            check(answer)?;
            check_many(theta, parameters)?;
            let read = [extent(flash, 1), extent(theta, parameters)];
            check_apart(&[extent(fleet, 1), extent(answer, 1)], &read)?;
            let mut flash = driver(flash)?;
            let sent = device.hear(byte, &mut flash, slice(theta, parameters)?).unwrap_or_default();
            let (start, length) = (sent.as_ptr(), sent.len());
            let start = if length > 0 { start } else { core::ptr::null() };
            Ok(write(answer, rb_fleet_frame { start, length })?)
        })
    })
}

/// Tells how far a device is, and in which round.
///
/// Errors: RB_ERROR_NULL, RB_ERROR_MISALIGNED, RB_ERROR_NOT_INITIALISED, RB_ERROR_OVERLAP.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_fleet_look(
    fleet: *mut rb_fleet,
    stage: *mut rb_fleet_stage,
    round: *mut rb_fleet_round,
) -> rb_error {
    // SAFETY: the caller promises it.
    rb_error::from(unsafe {
        with(fleet, |device| {
            check(stage)?;
            check(round)?;
            check_apart(&[extent(fleet, 1), extent(stage, 1), extent(round, 1)], &[])?;
            let now = match device.stage() {
                Stage::Idle => rb_fleet_stage::Idle,
                Stage::Receiving => rb_fleet_stage::Receiving,
                Stage::Training => rb_fleet_stage::Training,
                Stage::Ready => rb_fleet_stage::Ready,
                Stage::Done => rb_fleet_stage::Done,
                Stage::Failed => rb_fleet_stage::Failed,
            };
            write(stage, now)?;
            Ok(write(round, device.round().copied().unwrap_or_default().into())?)
        })
    })
}

/// Reads the theta that the round starts from, of `parameters` floats.
///
/// Errors: RB_ERROR_NO_ROUND where none has come; RB_ERROR_LENGTH; RB_ERROR_FLASH, after which
/// theta holds a part of it.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_fleet_start(
    fleet: *mut rb_fleet,
    flash: *const rb_flash,
    theta: *mut f32,
    parameters: usize,
) -> rb_error {
    // SAFETY: the caller promises it.
    rb_error::from(unsafe {
        with(fleet, |device| {
            check_many(theta, parameters)?;
            let written = [extent(fleet, 1), extent(theta, parameters)];
            check_apart(&written, &[extent(flash, 1)])?;
            let mut flash = driver(flash)?;
            Ok(device.start::<rb_flash>(&mut flash, slice_mut(theta, parameters)?)?)
        })
    })
}

/// The theta of a round is trained, and stays as it is until rb_fleet_look tells another stage.
///
/// Errors: RB_ERROR_NO_ROUND where this round is not to be trained, such as when another has begun
/// meanwhile; RB_ERROR_LENGTH; RB_ERROR_NON_FINITE_PARAMETERS. The stage stays as it is then. Cost:
/// a checksum of theta.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_fleet_trained(
    fleet: *mut rb_fleet,
    round: *const rb_fleet_round,
    theta: *const f32,
    parameters: usize,
    metrics: *const rb_fleet_metrics,
) -> rb_error {
    // SAFETY: the caller promises it.
    rb_error::from(unsafe {
        with(fleet, |device| {
            check_many(theta, parameters)?;
            check(metrics)?;
            let read_from = [extent(round, 1), extent(theta, parameters), extent(metrics, 1)];
            check_apart(&[extent(fleet, 1)], &read_from)?;
            let (round, metrics) = (read(round)?, read(metrics)?);
            let metrics = Metrics {
                samples: metrics.samples,
                correct_before: metrics.correct_before,
                correct_after: metrics.correct_after,
                loss_before: metrics.loss_before,
                loss_after: metrics.loss_after,
                kept: metrics.kept,
                wrong_labels: metrics.wrong_labels,
                steps: metrics.steps,
                theta: 0,
            };
            Ok(device.trained(round.id(), slice(theta, parameters)?, metrics)?)
        })
    })
}

/// The training of a round has failed: there is no update in it. Does nothing where that round is
/// not trained.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_fleet_give_up(
    fleet: *mut rb_fleet,
    round: *const rb_fleet_round,
) -> rb_error {
    // SAFETY: the caller promises it.
    rb_error::from(unsafe {
        with(fleet, |device| {
            check(round)?;
            check_apart(&[extent(fleet, 1)], &[extent(round, 1)])?;
            device.give_up(read(round)?.id());
            Ok(())
        })
    })
}

/// Says how many samples there are, which the gateway is told.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_fleet_set_samples(fleet: *mut rb_fleet, samples: u32) -> rb_error {
    // SAFETY: the caller promises it.
    rb_error::from(unsafe {
        with(fleet, |device| {
            device.set_samples(samples);
            Ok(())
        })
    })
}

/// Forgets all rounds, so that one of a lower number can begin: for who owns the device.
///
/// Errors: RB_ERROR_FLASH, where something may still be there.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_fleet_forget(fleet: *mut rb_fleet, flash: *const rb_flash) -> rb_error {
    // SAFETY: the caller promises it.
    rb_error::from(unsafe {
        with(fleet, |device| {
            check(flash)?;
            check_apart(&[extent(fleet, 1)], &[extent(flash, 1)])?;
            Ok(device.forget(&mut driver(flash)?)?)
        })
    })
}
