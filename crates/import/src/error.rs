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
        Self(shortened(sentences.collect::<Vec<_>>().join(": ")))
    }
}

/// The most letters of an error. It may quote a list from a file, which has any length.
const LONGEST: usize = 2000;

/// A text without its middle, where it is too long.
fn shortened(text: String) -> String {
    let count = text.chars().count();
    if count <= LONGEST {
        return text;
    }
    let beginning: String = text.chars().take(LONGEST / 2).collect();
    let end: String = text.chars().skip(count - LONGEST / 2).collect();
    format!("{beginning} [...] {end}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_quotes_a_long_list_has_its_beginning_and_its_end() {
        let list = vec![0; 100_000];
        let error =
            Error::from(anyhow::anyhow!("expected 8 pads, found {list:?}: leave them away"));
        let said = error.to_string();
        assert!(said.starts_with("expected 8 pads, found [0, 0"), "{said}");
        assert!(said.ends_with("0, 0]: leave them away") && said.contains(" [...] "), "{said}");
        assert!(said.len() < LONGEST + 10);
    }
}
