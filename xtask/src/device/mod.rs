//! Builds the firmware around an image and runs it in the emulator.

pub mod elf;
pub mod log;
pub mod qemu;
pub mod setup;

use crate::device::elf::Sizes;
use crate::device::qemu::Machine;
use crate::workspace::{capture, cargo, root};
use anyhow::{Result, bail};
use scenario::Event;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Names the image that a firmware is built around.
pub const IMAGE: &str = "ROLLING_BALL_IMAGE";

/// Wall-clock limit of an emulated run.
pub const LIMIT: Duration = Duration::from_secs(540);

/// Builds a binary of the boards' workspace and returns its ELF file.
pub fn build(
    package: &str,
    binary: &str,
    features: &[&str],
    environment: &[(&str, &Path)],
    target: &str,
) -> Result<PathBuf> {
    let boards = root().join("boards");
    let mut command = cargo();
    command.current_dir(&boards);
    command.args(["build", "--release", "--locked", "--package", package, "--bin", binary]);
    command.args(["--target", target, "--target-dir", "target"]);
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    for (name, value) in environment {
        command.env(name, value);
    }
    capture(&mut command, &format!("building the firmware `{binary}`"))?;
    Ok(boards.join("target").join(target).join("release").join(binary))
}

/// What the device said, and what it takes.
pub struct DeviceRun {
    /// Its events.
    pub events: Vec<Event>,
    /// From the ELF file.
    pub sizes: Sizes,
}

/// Runs a firmware and hears its events.
pub fn run(
    machine: &Machine,
    firmware: &Path,
    limit: Duration,
    mut tell: impl FnMut(&Event),
) -> Result<DeviceRun> {
    let mut events = Vec::new();
    let mut wrong = None;
    qemu::run(machine, firmware, limit, |line| match line.parse::<Event>() {
        Ok(event) => {
            tell(&event);
            events.push(event);
        }
        Err(error) => {
            wrong.get_or_insert_with(|| format!("the firmware said {line:?}: {error}"));
        }
    })?;
    if let Some(wrong) = wrong {
        bail!(wrong);
    }
    Ok(DeviceRun { events, sizes: elf::sizes(firmware)? })
}
