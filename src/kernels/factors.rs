//! A matrix of factors, stored in one of two orders.

/// A factor for every pair of a target and a term.
#[derive(Clone, Copy, Debug)]
pub enum Factors<'a> {
    /// One row for each term, which holds a factor for each target.
    ByTerm {
        /// The rows, one after the other.
        values: &'a [f32],
        /// The length of a row: how many targets there are.
        targets: usize,
    },
    /// One row for each target, which holds a factor for each term.
    ByTarget {
        /// The rows, one after the other.
        values: &'a [f32],
        /// The length of a row: how many terms there are.
        terms: usize,
    },
}
