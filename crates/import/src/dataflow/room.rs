//! How many parameters the steps of a file may have.

use anyhow::{Result, ensure};

/// The parameters that a file may lack and have all the same: biases that are 0, and scales of 1
/// beside a shift.
const MOST_NEUTRAL: usize = 1 << 16;

/// What is left for parameters. Steps may share the values of a file, and each step has its own.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    most: usize,
    taken: usize,
}

impl Room {
    /// Room for each of the constants of a file once, and twice where they are floats: so many
    /// values in so many bytes.
    pub fn new(values: usize, bytes: usize) -> Self {
        Self { most: values.max(bytes / 2) + MOST_NEUTRAL, taken: 0 }
    }

    /// Takes room for so many parameters.
    ///
    /// # Errors
    ///
    /// Says how many parameters there may be, where there is room for fewer.
    pub fn take(&mut self, parameters: usize) -> Result<()> {
        // Both are lengths of vectors, or sums that were below the limit.
        self.taken += parameters;
        ensure!(
            self.taken <= self.most,
            "up to it the network takes {} parameters, expected at most {} of the constants that \
             the file has: too many operators share them",
            self.taken,
            self.most
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_shared_by_two_and_bytes_by_none() {
        let count = 1 << 20;
        let mut floats = Room::new(count, 4 * count);
        assert!(floats.take(count).is_ok() && floats.take(count).is_ok());
        assert!(floats.take(count).is_err());
        let mut bytes = Room::new(count, count);
        assert!(bytes.take(count).is_ok() && bytes.take(count).is_err());
    }
}
