//! What is counted.

use crate::device::cycles::Cycles;
use serde::{Deserialize, Serialize};

/// A training step on one core.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Step {
    pub core: String,
    pub network: String,
    pub batch: usize,
    pub optimizer: String,
    pub instructions: u64,
    /// Estimated, on the Cortex-M4F.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cycles: Option<Cycles>,
}

/// The optimizer's part of a step on one core.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Passes {
    pub core: String,
    pub form: String,
    pub parameters: u64,
    pub gradients: u32,
    pub losses: u32,
    pub instructions: u64,
    /// Estimated, on the Cortex-M4F.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cycles: Option<Cycles>,
}
