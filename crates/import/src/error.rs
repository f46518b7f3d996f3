//! The error of an import: what is wrong with a file.

use std::fmt;

/// What was wrong, in a sentence: the file, the tensor or the layer, what was expected and what was
/// found.
///
/// A build script may return it from `main`, where it is shown as the sentence and not as a
/// structure.
pub struct Error(pub(crate) anyhow::Error);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}
