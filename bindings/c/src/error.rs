//! The error codes, their texts, and the details of an optimizer's last error.

use core::ffi::c_char;
use core::ptr;
use rolling_ball::Error;

/// What a function returns. After an error nothing is half-written.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum rb_error {
    /// There was no error.
    None = 0,
    /// A pointer is null.
    Null = 1,
    /// A pointer is not aligned for what it points to.
    Misaligned = 2,
    /// The optimizer was not initialised, or its initialisation failed.
    NotInitialised = 3,
    /// The function is for another kind of optimizer.
    Kind = 4,
    /// Two buffers overlap.
    Overlap = 5,
    /// A length is not the one that is required.
    Length = 6,
    /// A setting is outside its range.
    Setting = 7,
    /// The parameters hold a NaN or an infinity, or their norm overflows. Nothing was changed.
    NonFiniteParameters = 8,
    /// A loss is NaN or infinite. Theta is back at the last point whose loss was finite; where
    /// roll_back is off, it stays at the point whose loss was asked for.
    NonFiniteLoss = 9,
    /// The gradient holds a NaN or an infinity, or its norm overflows. Theta is back at the last
    /// point whose loss was finite.
    NonFiniteGradient = 10,
    /// The step would overflow: the learning rate is too large for this gradient. Theta is at the
    /// point that was evaluated last.
    NonFiniteUpdate = 11,
    /// Every output of the network is NaN.
    NonFiniteOutput = 12,
    /// The optimizer was told something that it had not asked for. The step goes on once it is
    /// given the right answer.
    UnexpectedAnswer = 13,
    /// A label is not one of the network's classes.
    Class = 14,
    /// The widths do not describe a network: there are fewer than two, one of them is zero, or the
    /// parameters would not fit in memory.
    Network = 15,
    /// An input is NaN or infinite, and an int8 network has no byte for it.
    NonFiniteInput = 16,
    /// There is no checkpoint.
    NoCheckpoint = 17,
    /// The newest checkpoint has another version's layout, so the range is left alone.
    Version = 18,
    /// The flash answered that it failed.
    Flash = 19,
    /// What was read back is not what was written: the flash is worn out, or something else writes
    /// to the range.
    NotKept = 20,
    /// The flash failed while a good checkpoint was taken over: theta and the optimizer hold a part
    /// of it.
    HalfResumed = 21,
    /// An error for which this version of the interface has no code.
    Other = 22,
    /// There are fewer than two samples or groups to judge by, or none that counts.
    NoSamples = 23,
    /// The object was copied, moved or restored, and its buffers may have been too: rb_rebind, or
    /// NAME_fine_tuning_rebind, binds it to where they are now. Nothing was changed.
    Moved = 24,
    /// The program was compiled with a header of another version than the library, or its object
    /// has another size. Nothing was written.
    Header = 25,
    /// The range of the flash has no room for two checkpoints, or for a fleet's rounds.
    Room = 26,
    /// The device is in no round, or not in this one.
    NoRound = 27,
}

impl From<Error> for rb_error {
    fn from(error: Error) -> Self {
        match error {
            Error::Length { .. } => Self::Length,
            Error::Setting { .. } => Self::Setting,
            Error::NonFiniteParameters => Self::NonFiniteParameters,
            Error::NonFiniteLoss => Self::NonFiniteLoss,
            Error::NonFiniteGradient => Self::NonFiniteGradient,
            Error::NonFiniteUpdate => Self::NonFiniteUpdate,
            Error::NonFiniteOutput => Self::NonFiniteOutput,
            Error::NonFiniteInput => Self::NonFiniteInput,
            Error::UnexpectedAnswer { .. } => Self::UnexpectedAnswer,
            Error::Class { .. } => Self::Class,
            Error::NoSamples => Self::NoSamples,
            _ => Self::Other,
        }
    }
}

impl<E: Into<Self>> From<Result<(), E>> for rb_error {
    fn from(result: Result<(), E>) -> Self {
        result.map_or_else(E::into, |()| Self::None)
    }
}

/// Why a function failed, in as much detail as is known.
#[derive(Clone, Copy, Debug)]
pub enum Failure {
    /// A pointer is wrong.
    Pointer(rb_error),
    /// The core refused what it was given.
    Core(Error),
    /// The range of the flash has so many bytes, and not those that are needed.
    Room { needed: usize, available: usize },
}

impl From<rb_error> for Failure {
    fn from(error: rb_error) -> Self {
        Self::Pointer(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<Failure> for rb_error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Pointer(error) => error,
            Failure::Core(error) => error.into(),
            Failure::Room { .. } => Self::Room,
        }
    }
}

/// How many error codes there are: 0 to one less.
pub const RB_ERROR_CODES: usize = 28;

/// Returns an English sentence that says what an error code means. It ends in a zero byte and stays
/// valid for ever. Any number is allowed as the code. Cost: a table look-up; a program that does
/// not call this function does not contain the texts.
#[unsafe(no_mangle)]
pub extern "C" fn rb_error_string(error: u32) -> *const c_char {
    const TEXTS: [&core::ffi::CStr; RB_ERROR_CODES] = [
        c"no error",
        c"a pointer is null",
        c"a pointer is misaligned",
        c"the optimizer is not initialised: call its init function, and check what it answers",
        c"the optimizer is of another kind than this function is for",
        c"two buffers overlap",
        c"a length is not the one that is needed",
        c"a setting is out of its range",
        c"the parameters are not finite, or their norm overflows",
        c"the loss is not finite",
        c"the gradient is not finite, or its norm overflows",
        c"the step overflows: lower the learning rate or clip the gradient",
        c"every output of the network is NaN: are the parameters or the input?",
        c"the optimizer was told something that it had not asked for",
        c"a label is not one of the classes",
        c"the widths describe no network: at least two, none of them zero",
        c"the input is not finite",
        c"there is no checkpoint",
        c"the checkpoint has another version's layout: use the firmware that saved it, or erase",
        c"the flash failed",
        c"the flash did not keep what was written",
        c"the flash failed while a checkpoint was taken over: resume again, or start anew",
        c"an error without a code of its own",
        c"there are too few samples to learn from and to judge by",
        c"the object was moved or copied: rebind it to its buffers",
        c"the header is of another version than the library",
        c"the range of the flash has no room for what is to be kept there",
        c"the device is in no round, or not in this one: look at its stage first",
    ];
    let text = usize::try_from(error).ok().and_then(|index| TEXTS.get(index));
    text.unwrap_or(&c"not an error code").as_ptr()
}

/// A text of `length` bytes at `start`, without a zero byte at its end; print it by
/// `printf("%.*s", (int)length, start)`. It is empty, with a null pointer, where there is nothing
/// to say.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_text {
    /// The first byte of the text, or null.
    pub start: *const c_char,
    /// The length of the text in bytes.
    pub length: usize,
}

impl rb_text {
    const EMPTY: Self = Self { start: ptr::null(), length: 0 };

    fn new(text: &'static str) -> Self {
        Self { start: text.as_ptr().cast(), length: text.len() }
    }
}

/// Why a call failed. Fields that do not apply are empty or 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_error_detail {
    /// The error code.
    pub error: rb_error,
    /// For RB_ERROR_SETTING: the name of the setting. For RB_ERROR_LENGTH and RB_ERROR_ROOM: the
    /// name of the buffer.
    pub what: rb_text,
    /// For RB_ERROR_SETTING: the values that are allowed. For RB_ERROR_UNEXPECTED_ANSWER: the
    /// answer that was expected.
    pub expected: rb_text,
    /// For RB_ERROR_SETTING: the value that was given.
    pub value: f32,
    /// For RB_ERROR_LENGTH: the length that the buffer must have, in elements. For RB_ERROR_ROOM:
    /// the bytes that are needed.
    pub expected_length: usize,
    /// For RB_ERROR_LENGTH and RB_ERROR_ROOM: the length that it has.
    pub actual_length: usize,
}

impl rb_error_detail {
    pub(crate) fn new(failure: Option<Failure>) -> Self {
        let mut detail = Self {
            error: failure.map_or(rb_error::None, rb_error::from),
            what: rb_text::EMPTY,
            expected: rb_text::EMPTY,
            value: 0.0,
            expected_length: 0,
            actual_length: 0,
        };
        let error = match failure {
            Some(Failure::Core(error)) => error,
            Some(Failure::Room { needed, available }) => {
                let what = "range of the flash";
                Error::Length { what, expected: needed, actual: available }
            }
            _ => return detail,
        };
        match error {
            Error::Setting { name, value, expected } => {
                detail.what = rb_text::new(name);
                detail.value = value;
                detail.expected = rb_text::new(expected);
            }
            Error::Length { what, expected, actual } => {
                detail.what = rb_text::new(what);
                detail.expected_length = expected;
                detail.actual_length = actual;
            }
            Error::UnexpectedAnswer { expected } => detail.expected = rb_text::new(expected),
            _ => {}
        }
        detail
    }
}
