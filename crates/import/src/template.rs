//! Files of crates that are made of an imported network: texts with words to fill in.

use crate::emit::File;

/// The words of texts, `@word@`, and what stands for each.
pub struct Words(Vec<(&'static str, String)>);

impl Words {
    pub fn new<const N: usize>(words: [(&'static str, &str); N]) -> Self {
        Self(words.map(|(word, text)| (word, text.to_owned())).into())
    }

    /// With numbers too.
    pub fn numbers<const N: usize>(mut self, numbers: [(&'static str, usize); N]) -> Self {
        self.0.extend(numbers.map(|(word, number)| (word, number.to_string())));
        self
    }

    /// A file of this name, with every word filled in.
    pub fn fill(&self, file: &str, text: &str) -> File {
        let Self(words) = self;
        let mut text = text.to_owned();
        for (word, filled) in words {
            text = text.replace(&format!("@{word}@"), filled);
        }
        File::new(file.to_owned(), text.into_bytes())
    }
}
