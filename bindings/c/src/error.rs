//! Error codes, their texts, and the details of an optimizer's last error.

use core::ffi::c_char;
use core::ptr;
use rolling_ball::Error;

/// What a function answers. After an error nothing is half-written.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum rb_error {
    /// No error.
    None = 0,
    /// A pointer is null.
    Null = 1,
    /// A pointer is not aligned for what it points to.
    Misaligned = 2,
    /// The optimizer has not been initialised, or its initialisation failed.
    NotInitialised = 3,
    /// The optimizer is of another kind than the function is for.
    Kind = 4,
    /// Two buffers overlap.
    Overlap = 5,
    /// A length is not the one that is needed.
    Length = 6,
    /// A setting is out of its range.
    Setting = 7,
    /// The parameters hold a NaN or an infinity, or their norm overflows. Nothing was changed.
    NonFiniteParameters = 8,
    /// A loss is NaN or infinite. Theta is at the last point whose loss was finite; where roll_back
    /// is off, at the point where the loss was asked for.
    NonFiniteLoss = 9,
    /// The gradient holds a NaN or an infinity, or its norm overflows. Theta is at the last point
    /// whose loss was finite.
    NonFiniteGradient = 10,
    /// The step would overflow: the learning rate is too large for this gradient. Theta is at the
    /// point that was evaluated last.
    NonFiniteUpdate = 11,
    /// Every output of the network is NaN.
    NonFiniteOutput = 12,
    /// The optimizer was told something that it had not asked for. The step goes on with the right
    /// answer.
    UnexpectedAnswer = 13,
    /// A label is not one of the classes.
    Class = 14,
    /// The widths describe no network: fewer than two, one that is zero, or more parameters than
    /// fit in memory.
    Network = 15,
    /// An error that this version of the interface has no code for.
    Other = 16,
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
            Error::UnexpectedAnswer { .. } => Self::UnexpectedAnswer,
            Error::Class { .. } => Self::Class,
            _ => Self::Other,
        }
    }
}

impl From<Result<(), rb_error>> for rb_error {
    fn from(result: Result<(), rb_error>) -> Self {
        result.err().unwrap_or(Self::None)
    }
}

/// A sentence that says what an error code means, in English, terminated by a zero byte, for ever
/// valid. Any number is allowed. Cost: a table look-up; a program that does not call it does not
/// hold the texts.
#[unsafe(no_mangle)]
pub extern "C" fn rb_error_string(error: u32) -> *const c_char {
    const TEXTS: [&core::ffi::CStr; 17] = [
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
        c"an error without a code of its own",
    ];
    let text = usize::try_from(error).ok().and_then(|index| TEXTS.get(index));
    text.unwrap_or(&c"not an error code").as_ptr()
}

/// A text of `length` bytes at `start`, without a zero at its end:
/// `printf("%.*s", (int)length, start)`. Empty (null) where there is nothing to say.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_text {
    /// The first byte, or null.
    pub start: *const c_char,
    /// How many bytes.
    pub length: usize,
}

impl rb_text {
    const EMPTY: Self = Self { start: ptr::null(), length: 0 };

    fn new(text: &'static str) -> Self {
        Self { start: text.as_ptr().cast(), length: text.len() }
    }
}

/// The details of an optimizer's last error; what does not apply is empty or 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_error_detail {
    /// The code.
    pub error: rb_error,
    /// RB_ERROR_SETTING: which setting. RB_ERROR_LENGTH: which buffer.
    pub what: rb_text,
    /// RB_ERROR_SETTING: the values it may have. RB_ERROR_UNEXPECTED_ANSWER: what was waited for.
    pub expected: rb_text,
    /// RB_ERROR_SETTING: the value it has.
    pub value: f32,
    /// RB_ERROR_LENGTH: the length it must have, in elements.
    pub expected_length: usize,
    /// RB_ERROR_LENGTH: the length it has, in elements.
    pub actual_length: usize,
}

impl rb_error_detail {
    pub(crate) fn new(error: Option<Error>) -> Self {
        let mut detail = Self {
            error: error.map_or(rb_error::None, rb_error::from),
            what: rb_text::EMPTY,
            expected: rb_text::EMPTY,
            value: 0.0,
            expected_length: 0,
            actual_length: 0,
        };
        match error {
            Some(Error::Setting { name, value, expected }) => {
                detail.what = rb_text::new(name);
                detail.value = value;
                detail.expected = rb_text::new(expected);
            }
            Some(Error::Length { what, expected, actual }) => {
                detail.what = rb_text::new(what);
                detail.expected_length = expected;
                detail.actual_length = actual;
            }
            Some(Error::UnexpectedAnswer { expected }) => detail.expected = rb_text::new(expected),
            _ => {}
        }
        detail
    }
}
