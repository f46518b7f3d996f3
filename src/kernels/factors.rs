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

#[cfg(feature = "simd")]
impl<'a> Factors<'a> {
    #[inline(always)]
    pub(super) fn get(self, target: usize, term: usize) -> f32 {
        self.values.get(target * self.target + term * self.term).copied().unwrap_or(0.0)
    }

    /// Those of a target, where its terms are neighbours.
    #[inline(always)]
    pub(super) fn line(self, target: usize, terms: usize) -> &'a [f32] {
        let start = target * self.target;
        self.values.get(start..start + terms).unwrap_or_default()
    }

    /// Those of some targets, term by term, where the targets are neighbours.
    #[inline(always)]
    pub(super) fn each<const COUNT: usize>(
        self,
        first: usize,
    ) -> impl Iterator<Item = [f32; COUNT]> {
        let lines = self.values.get(first..).unwrap_or_default().chunks(self.term.max(1));
        lines.map_while(|line| line.first_chunk().copied())
    }
}
