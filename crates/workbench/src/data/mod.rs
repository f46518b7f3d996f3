//! What the scenarios learn from.

mod dataset;
pub mod digits;
mod file;
pub mod mnist;
mod sensing;
pub mod speakers;

pub use dataset::{Dataset, shuffled};
pub use sensing::{bilinear, normal};
