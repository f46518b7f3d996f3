//! How a call into a library ended.

use core::fmt::{self, Write as _};
use rolling_ball::Error;

/// The call did what was asked.
const DONE: u32 = 0;
/// What was given is wrong.
const WRONG: u32 = 1;
/// A number on the way was not finite.
const NOT_FINITE: u32 = 2;

/// How a call ended, with a sentence where it did not do what was asked.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Answer {
    kind: u32,
    length: u32,
    text: [u8; 248],
}

/// Why a call did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// What was given is wrong: what was expected.
    Wrong(std::string::String),
    /// A number on the way was not finite: which.
    NotFinite(std::string::String),
}

impl From<Result<(), Error>> for Answer {
    fn from(result: Result<(), Error>) -> Self {
        let Err(error) = result else { return Self { kind: DONE, length: 0, text: [0; 248] } };
        let kind = match error {
            Error::NonFiniteParameters
            | Error::NonFiniteLoss
            | Error::NonFiniteGradient
            | Error::NonFiniteUpdate
            | Error::NonFiniteOutput
            | Error::NonFiniteInput => NOT_FINITE,
            _ => WRONG,
        };
        let mut answer = Self { kind, length: 0, text: [0; 248] };
        // What has no room is left away.
        let _ = write!(answer, "{error}");
        answer
    }
}

impl fmt::Write for Answer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            *self.text.get_mut(self.length as usize).ok_or(fmt::Error)? = byte;
            self.length += 1;
        }
        Ok(())
    }
}

impl Answer {
    /// The same as a result.
    ///
    /// # Errors
    ///
    /// [`Refused`] where the call did not do what was asked.
    pub fn into_result(self) -> Result<(), Refused> {
        let text = self.text.get(..self.length as usize).unwrap_or(&self.text);
        let text = || std::string::String::from_utf8_lossy(text).into_owned();
        match self.kind {
            DONE => Ok(()),
            NOT_FINITE => Err(Refused::NotFinite(text())),
            _ => Err(Refused::Wrong(text())),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.into_result().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_crosses_as_its_kind_and_its_sentence() {
        let error = Error::Length { what: "theta", expected: 3, actual: 2 };
        let said = std::format!("{error}");
        assert_eq!(Answer::from(Err(error)).into_result(), Err(Refused::Wrong(said)));
        let said = std::format!("{}", Error::NonFiniteLoss);
        let answer = Answer::from(Err(Error::NonFiniteLoss));
        assert_eq!(answer.into_result(), Err(Refused::NotFinite(said)));
        assert_eq!(Answer::from(Ok(())).into_result(), Ok(()));
    }

    #[test]
    fn a_sentence_without_room_is_cut() {
        let mut answer = Answer { kind: WRONG, length: 0, text: [0; 248] };
        assert!(answer.write_str(&"é".repeat(200)).is_err());
        let Err(Refused::Wrong(said)) = answer.into_result() else { panic!("expected a refusal") };
        assert_eq!(said, "é".repeat(124));
    }
}
