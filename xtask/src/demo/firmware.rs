//! The firmware of a plan.

use crate::demo::plan::Plan;
use crate::device::qemu::Machine;
use crate::device::{Build, write_image};
use anyhow::Result;
use rolling_ball_rehearsal::OptimizerKind;
use std::path::PathBuf;

/// Builds the firmware of a plan; `folder` as in [`Build`].
pub fn build(plan: &Plan, folder: &str, machine: &Machine) -> Result<PathBuf> {
    let binary = plan.scenario.binary();
    write_image(folder, binary, &plan.image)?;
    let features: &[&str] = match plan.settings.optimizer {
        OptimizerKind::Adam => &["adam"],
        OptimizerKind::ZerothOrderBall => &["zeroth-order-ball"],
        _ => &[],
    };
    Build { features, ..Build::firmware(folder, machine, binary) }.run()
}
