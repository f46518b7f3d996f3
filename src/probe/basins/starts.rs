//! The points where the balls start.

use crate::Error;

/// Starts at equal distances on a square, row by row. The first coordinate changes along a row, the
/// second one from row to row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Starts {
    /// Both coordinates of the first start.
    pub from: f32,
    /// Both coordinates of the last start.
    pub to: f32,
    /// How many starts a row has, and how many rows there are; at least 2.
    pub side: usize,
}

impl Starts {
    /// How many starts there are in all.
    #[must_use]
    pub fn count(&self) -> usize {
        self.side.saturating_mul(self.side)
    }

    /// The distance from one start to the next.
    #[must_use]
    pub fn spacing(&self) -> f32 {
        (self.to - self.from) / (self.side.max(2) - 1) as f32
    }

    /// The start with this index.
    #[must_use]
    pub fn place(&self, index: usize) -> [f32; 2] {
        let side = self.side.max(1);
        let spacing = self.spacing();
        [index % side, index / side].map(|at| self.from + spacing * at as f32)
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.side < 2 {
            return Err(Error::Length { what: "side", expected: 2, actual: self.side });
        }
        Error::check_positive("spacing of the starts", self.spacing())
    }
}
