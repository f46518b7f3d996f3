//! What is counted.

use serde::{Deserialize, Serialize};

/// An inference of a layer or of a network on one core.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Inference {
    pub model: String,
    pub core: String,
    pub instructions: u64,
    /// Estimated, on the Cortex-M4F.
    pub cycles: Option<u64>,
    /// The products that the outputs are the sums of, those with padding as well.
    pub multiply_adds: u64,
}

/// An inference of a whole network.
#[derive(Clone, Debug)]
pub struct Network {
    pub ours: Inference,
    /// The instructions that microflow takes, or why it does not take the network.
    pub microflow: Result<u64, String>,
}
