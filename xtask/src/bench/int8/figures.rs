//! What is counted.

use serde::{Deserialize, Serialize};

/// An inference of a layer or of a network on one core.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Inference {
    pub model: String,
    pub core: String,
    pub instructions: u64,
    /// An estimate, where there is one.
    pub cycles: Option<u64>,
    /// The products that the outputs are the sums of, those with padding as well.
    pub multiply_adds: u64,
}
