//! What the scenarios learn from.

mod dataset;
pub mod digits;
pub mod speakers;

pub use dataset::{Dataset, shuffled};
