//! A matrix of factors, read row by row or column by column.

/// A matrix that is read by target and term.
#[derive(Clone, Copy, Debug)]
pub struct Factors<'a> {
    /// Its elements.
    pub values: &'a [f32],
    /// From one target to the next.
    pub target: usize,
    /// From one term to the next.
    pub term: usize,
}

impl Factors<'_> {
    /// That of a term of a target.
    #[cfg(feature = "simd")]
    #[inline(always)]
    pub(super) fn get(self, target: usize, term: usize) -> f32 {
        self.values.get(target * self.target + term * self.term).copied().unwrap_or(0.0)
    }
}
