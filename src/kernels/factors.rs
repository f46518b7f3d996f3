//! A matrix of factors, which lies row by row.

/// A factor for every pair of a target and a term.
#[derive(Clone, Copy, Debug)]
pub enum Factors<'a> {
    /// A row for each term, with a factor for each target.
    ByTerm {
        /// The rows, one after the other.
        values: &'a [f32],
        /// The length of a row.
        targets: usize,
    },
    /// A row for each target, with a factor for each term.
    ByTarget {
        /// The rows, one after the other.
        values: &'a [f32],
        /// The length of a row.
        terms: usize,
    },
}
