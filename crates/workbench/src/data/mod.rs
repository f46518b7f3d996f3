//! What the scenarios learn from.

mod dataset;
pub mod digits;
mod file;
pub mod mnist;
pub mod speakers;

pub use dataset::{Dataset, shuffled};
