//! The firmware of a plan.

use crate::demo::plan::{Plan, Scenario};
use crate::device::qemu::MPS2_AN386;
use crate::device::{self, IMAGE};
use crate::workspace::root;
use anyhow::{Context, Result};
use scenario::OptimizerKind;
use std::path::PathBuf;

/// Where the demo leaves its files.
pub fn folder() -> Result<PathBuf> {
    let folder = root().join("target/demo");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// Builds the firmware of a plan.
pub fn build(plan: &Plan) -> Result<PathBuf> {
    let binary = plan.scenario.binary();
    let image = folder()?.join(format!("{binary}.image"));
    std::fs::write(&image, &plan.image)
        .with_context(|| format!("cannot write {}", image.display()))?;
    let features: &[&str] =
        if plan.settings.optimizer == OptimizerKind::Adam { &["adam"] } else { &[] };
    device::build("qemu-board", binary, features, &[(IMAGE, &image)], MPS2_AN386.target)
}

/// The stated budget of a scenario's board, as the linker enforces it: flash and RAM in bytes.
pub fn budget(scenario: Scenario) -> (u64, u64) {
    match scenario {
        Scenario::Digits => (128 * 1024, 64 * 1024),
        Scenario::Speakers => (512 * 1024, 256 * 1024),
    }
}
