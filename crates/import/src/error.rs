//! The error of an import: what is wrong with a file.

use crate::shown::{shown, shown_lines};
use std::fmt;

/// What was wrong, in a sentence: the file, the tensor or the layer, what was expected and what was
/// found.
///
/// A build script may return it from `main`, where it is shown as the sentence and not as a
/// structure. What it quotes from files is escaped where a terminal would act on it.
pub struct Error(String);

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        let sentences = error.chain().map(|cause| {
            let text = cause.to_string();
            // It shows the line of the file, and points into it from the line below.
            if cause.is::<toml::de::Error>() { shown_lines(&text) } else { shown(&text) }
        });
        Self(sentences.collect::<Vec<_>>().join(": "))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}
