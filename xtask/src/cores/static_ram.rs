//! What lies in the RAM of a training that asks for losses only.

use crate::device::elf;
use anyhow::{Context, Result, ensure};
use rolling_ball::nn;
use scenario::LastLayer;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// The static data of the firmware `losses_only`, in bytes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct StaticRam {
    pub theta: u64,
    pub scratch: u64,
    /// Of the samples, which are their inputs to the layer that is trained.
    pub features: u64,
    /// All that is there beside these.
    pub rest: u64,
}

/// What a training may add to theta and to what an inference works in.
const MOST: u64 = 64;

impl StaticRam {
    /// Reads from a linked firmware how large its sections are; types say how much of that is what.
    pub fn of(firmware: &Path) -> Result<Self> {
        let features = size_of::<nn::features!(LastLayer, 50)>() as u64;
        let theta = (size_of::<f32>() * LastLayer::PARAMETERS) as u64;
        let needed = LastLayer::ram_bytes(0) as u64;
        let all = elf::sizes(firmware)?.static_ram_bytes;
        let rest = all.checked_sub(needed + features).context("less RAM than is needed")?;
        let ram = Self { theta, scratch: needed - theta, features, rest };
        ensure!(ram.rest <= MOST, "more than {MOST} bytes beside theta and an inference: {ram}");
        Ok(ram)
    }
}

impl fmt::Display for StaticRam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { theta, scratch, features, rest } = self;
        write!(
            f,
            "Static RAM of `losses_only` on the Cortex-M0, by the sections of its ELF file: theta \
             {theta} bytes, what an inference works in {scratch}, the features of the samples \
             {features}, and all else {rest}. The ball is on the stack, as all of a step is \
             (docs/reliability.md)."
        )
    }
}
