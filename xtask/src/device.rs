//! Builds the firmware around an image and runs it in the emulator.

use crate::elf::{self, Sizes};
use crate::plan::{Plan, Scenario};
use crate::qemu::{self, MPS2_AN386, Machine};
use anyhow::{Context, Result, bail};
use scenario::{Event, OptimizerKind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Names the image that a firmware is built around.
pub const IMAGE: &str = "ROLLING_BALL_IMAGE";

/// Wall-clock limit of an emulated run.
pub const LIMIT: Duration = Duration::from_secs(540);

/// The root of the repository.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// The cargo that runs this program.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What cargo told this program about itself is not true of what it builds.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST") {
            command.env_remove(&name);
        }
    }
    command.current_dir(root());
    command
}

/// Where the demo leaves its files.
pub fn demo_folder() -> Result<PathBuf> {
    let folder = root().join("target/demo");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// Runs a command and returns what it printed, or fails with it.
pub fn capture(command: &mut Command, what: &str) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {what}"))?;
    if !output.status.success() {
        bail!("{what} failed ({}):\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

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

/// Builds the firmware of a plan.
pub fn build_plan(plan: &Plan) -> Result<PathBuf> {
    let binary = plan.scenario.binary();
    let image = demo_folder()?.join(format!("{binary}.image"));
    std::fs::write(&image, &plan.image)
        .with_context(|| format!("cannot write {}", image.display()))?;
    let features: &[&str] =
        if plan.settings.optimizer == OptimizerKind::Adam { &["adam"] } else { &[] };
    build("qemu-board", binary, features, &[(IMAGE, &image)], MPS2_AN386.target)
}

/// What the device said, and what it takes.
pub struct DeviceRun {
    /// Its events.
    pub events: Vec<Event>,
    /// From the ELF file.
    pub sizes: Sizes,
}

/// The stated budget of a scenario's board, as the linker enforces it: flash and RAM in bytes.
pub fn budget(scenario: Scenario) -> (u64, u64) {
    match scenario {
        Scenario::Digits => (128 * 1024, 64 * 1024),
        Scenario::Speakers => (512 * 1024, 256 * 1024),
    }
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
