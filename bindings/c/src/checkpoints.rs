//! Checkpoints in a flash that C drives, in the format of the Rust crate.

use crate::error::{Failure, rb_error};
use crate::flash::{Failed, rb_flash};
use crate::memory::{check, check_apart, check_many, extent, read, slice, slice_mut};
use crate::optimizer::{AnyOptimizer, check_beside, ended, rb_optimizer, with_optimizer};
use rolling_ball::{
    CheckpointError, Checkpoints, Error, Kind, Resumable, STATE_VECTORS, STATE_WORDS, State,
};

/// An optimizer whose kind is known at run time only, as one that can be resumed.
struct Known<'a>(&'a mut dyn AnyOptimizer);

impl Resumable for Known<'_> {
    /// A constant must be named, but `kind` says at run time which optimizer it is.
    const KIND: Kind = Kind::custom(0);
    const VECTORS: usize = 2;

    fn kind(&self) -> Kind {
        self.0.kind()
    }

    fn parameters(&self) -> usize {
        self.0.parameters()
    }

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.0.settings(&mut |name, words| tell(name, words));
    }

    fn state(&self) -> Result<State<'_>, Error> {
        self.0.state()
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error> {
        self.0.resume(words)
    }
}

impl From<CheckpointError<Failed>> for Failure {
    fn from(error: CheckpointError<Failed>) -> Self {
        let length = |what, expected, actual| Error::Length { what, expected, actual };
        let setting = |name, expected| Error::Setting { name, value: f32::NAN, expected };
        match error {
            CheckpointError::Range { .. } => {
                let expected = "multiples of the erase size, the first below the second";
                setting("start and end of the flash", expected).into()
            }
            CheckpointError::Sizes(_) => {
                let expected = "powers of two up to 512 to read and to write, and to erase a \
                                multiple of the largest of them and 64";
                setting("sizes of the flash", expected).into()
            }
            CheckpointError::TooSmall { needed, available } => {
                let needed = usize::try_from(needed).unwrap_or(usize::MAX);
                Self::Room { needed, available: available as usize }
            }
            CheckpointError::Length { expected, actual } => {
                length("theta", expected, actual).into()
            }
            CheckpointError::Parameters { expected, saved } => {
                length("theta in the checkpoint", expected, saved).into()
            }
            CheckpointError::Optimizer { .. } => rb_error::Kind.into(),
            CheckpointError::Setting(name) => {
                setting(name, "what it was when the checkpoint was saved").into()
            }
            CheckpointError::Rounded(_) => setting("bits of theta in the checkpoint", "32").into(),
            CheckpointError::Version { .. } => rb_error::Version.into(),
            CheckpointError::StepInProgress(error) => error.into(),
            CheckpointError::NonFiniteParameters => Error::NonFiniteParameters.into(),
            CheckpointError::NotKept { .. } => rb_error::NotKept.into(),
            CheckpointError::HalfResumed => rb_error::HalfResumed.into(),
            CheckpointError::Flash(Failed) => rb_error::Flash.into(),
            _ => rb_error::Other.into(),
        }
    }
}

/// The checkpoints in the range of a flash.
///
/// # Safety
///
/// A pointer that is not null and aligned must lead to an `rb_flash`, whose functions do what they
/// are said to.
pub unsafe fn checkpoints(flash: *const rb_flash) -> Result<Checkpoints<rb_flash>, Failure> {
    // SAFETY: the caller promises it.
    let flash = unsafe { read(flash)? };
    if flash.read.is_none() || flash.write.is_none() || flash.erase.is_none() {
        return Err(rb_error::Null.into());
    }
    Ok(Checkpoints::new(flash, flash.start..flash.end)?)
}

/// Saves theta and the state of an optimizer between two steps, in the slot after the newest
/// checkpoint: a power failure at any time leaves that one as it was. A training that is cut and
/// resumed ends with the same bits as one that is not. The format is that of the Rust crate, whose
/// Checkpoints read and write the same images.
///
/// A checkpoint takes 80 bytes (16 and the read or write size where that is more than 64), 4 for
/// each parameter, and 4 more for each vector that the optimizer carries on: the ball and momentum
/// one, Adam two; rounded up to erase blocks.
///
/// Errors: RB_ERROR_NULL where a function of the flash is missing; RB_ERROR_UNEXPECTED_ANSWER
/// while a step is in progress; RB_ERROR_NON_FINITE_PARAMETERS; RB_ERROR_SETTING where the sizes or
/// the range of the flash are none that can be used; RB_ERROR_ROOM where the range has no room for
/// two checkpoints; RB_ERROR_VERSION. Nothing was written then. After RB_ERROR_FLASH and
/// RB_ERROR_NOT_KEPT the newest checkpoint that could be read is still there. rb_last_error has the
/// details. Cost: as long as the flash takes to erase and write a slot.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_save(flash: *const rb_flash, optimizer: *mut rb_optimizer) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe {
        let saved = check_beside(optimizer, flash).map_err(Failure::from).and_then(|()| {
            with_optimizer(optimizer, |optimizer, theta| {
                Ok::<_, Failure>(checkpoints(flash)?.save(theta.as_ref(), &Known(optimizer))?)
            })
        });
        ended(optimizer, saved)
    }
}

/// Takes the newest checkpoint that is whole back into theta and into the optimizer, which was
/// initialised before with the settings that it was saved with. rb_steps then tells how many steps
/// it had done.
///
/// Errors: RB_ERROR_NO_CHECKPOINT where there is none, as at the first boot; RB_ERROR_KIND,
/// RB_ERROR_LENGTH and RB_ERROR_SETTING where it is of another optimizer, another theta or other
/// settings; RB_ERROR_FLASH where none was found and something could not be read;
/// RB_ERROR_VERSION, RB_ERROR_UNEXPECTED_ANSWER. Nothing was changed then. After
/// RB_ERROR_HALF_RESUMED, resume again, or start anew. rb_last_error has the details. Cost: the
/// checkpoint is read twice.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_resume(
    flash: *const rb_flash,
    optimizer: *mut rb_optimizer,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe {
        let resumed = check_beside(optimizer, flash).map_err(Failure::from).and_then(|()| {
            with_optimizer(optimizer, |optimizer, mut theta| {
                let resumed = checkpoints(flash)?.resume(theta.as_mut(), &mut Known(optimizer))?;
                resumed.map(|_| ()).ok_or(Failure::from(rb_error::NoCheckpoint))
            })
        });
        ended(optimizer, resumed)
    }
}

/// Saves theta alone, of `parameters` floats, for a device whose training is over. rb_resume_theta
/// takes it back.
///
/// Errors: those of rb_save that are not an optimizer's.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_save_theta(
    flash: *const rb_flash,
    theta: *const f32,
    parameters: usize,
) -> rb_error {
    // SAFETY: the caller promises it.
    rb_error::from(unsafe {
        check_many(theta, parameters)
            .map_err(Failure::from)
            .and_then(|()| Ok(checkpoints(flash)?.save_theta(slice(theta, parameters)?)?))
    })
}

/// Takes theta alone from the newest checkpoint, whichever optimizer saved it and with whatever
/// settings: for a boot that only infers, or to go on with another optimizer.
///
/// Errors: those of rb_resume that are not an optimizer's, and RB_ERROR_KIND where the checkpoint
/// is of a fine-tuning, whose theta is one on the way; theta is unchanged then, unless it is
/// RB_ERROR_HALF_RESUMED.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_resume_theta(
    flash: *const rb_flash,
    theta: *mut f32,
    parameters: usize,
) -> rb_error {
    // SAFETY: the caller promises it.
    rb_error::from(unsafe {
        check_many(theta, parameters).map_err(Failure::from).and_then(|()| {
            check_apart(&[extent(theta, parameters)], &[extent(flash, 1)])?;
            let resumed = checkpoints(flash)?.resume_theta(slice_mut(theta, parameters)?)?;
            resumed.map(|_| ()).ok_or(Failure::from(rb_error::NoCheckpoint))
        })
    })
}

/// Erases the range, and with it every checkpoint.
///
/// Errors: RB_ERROR_FLASH, where some may still be there; RB_ERROR_SETTING.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_erase_checkpoints(flash: *const rb_flash) -> rb_error {
    // SAFETY: the caller promises it.
    rb_error::from(unsafe {
        check(flash).map_err(Failure::from).and_then(|()| Ok(checkpoints(flash)?.erase()?))
    })
}
