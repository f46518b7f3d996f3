//! Builds the firmware around an image and runs it in the emulator.

pub mod calls;
pub mod cycles;
pub mod elf;
pub mod log;
pub mod qemu;
pub mod serial;

use crate::device::elf::Sizes;
use crate::device::qemu::{Emulation, Machine};
use anyhow::{Context, Result, bail};
use rolling_ball_rehearsal::Event;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use workbench::workspace::{capture, cargo, root};

/// Wall-clock limit of an emulated run.
pub const LIMIT: Duration = Duration::from_secs(540);

/// What to build for a device.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// Names a folder of images.
    pub folder: &'a str,
    /// The machine that it is built for.
    pub machine: &'a Machine,
    /// The folder of its workspace.
    pub workspace: &'a str,
    /// The package that holds it.
    pub package: &'a str,
    /// The name of the binary.
    pub binary: &'a str,
    /// The features that are turned on.
    pub features: &'a [&'a str],
    /// The profile of the build.
    pub profile: &'a str,
    /// What its build script reads beside the machine and the folder.
    pub variables: &'a [(&'a str, String)],
}

impl<'a> Build<'a> {
    /// A release build of a firmware.
    pub fn firmware(folder: &'a str, machine: &'a Machine, binary: &'a str) -> Self {
        let (workspace, package) = ("boards", "qemu-board");
        let (features, profile, variables) = (&[], "release", &[]);
        Self { folder, machine, workspace, package, binary, features, profile, variables }
    }

    /// Builds it and returns its ELF file.
    pub fn run(&self) -> Result<PathBuf> {
        let Self { folder, machine, workspace, package, binary, profile, .. } = *self;
        let target_folder = root().join("boards/target").join(machine.name);
        let mut command = cargo();
        command.current_dir(root().join(workspace));
        command.args(["build", "--locked", "--package", package, "--bin", binary]);
        command.args(["--profile", profile, "--target", machine.target, "--target-dir"]);
        command.arg(&target_folder);
        if !self.features.is_empty() {
            command.args(["--features", &self.features.join(",")]);
        }
        command.env("ROLLING_BALL_MACHINE", machine.name);
        command.env("ROLLING_BALL_IMAGES", images(folder)?);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let mut flags = remapped_paths();
        if let Some(cpu) = machine.target_cpu {
            flags.push(format!("-Ctarget-cpu={cpu}"));
        }
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        let what = format!("building the firmware `{binary}` for {}", machine.name);
        capture(&mut command, &what)?;
        Ok(target_folder.join(machine.target).join(profile).join(binary))
    }
}

/// Messages of panics hold the paths of sources: the flash that they take must not depend on where
/// those are.
fn remapped_paths() -> Vec<String> {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"));
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home);
    [(Some(root()), "project"), (cargo_home, "cargo")]
        .into_iter()
        .filter_map(|(path, name)| Some(format!("--remap-path-prefix={}={name}", path?.display())))
        .collect()
}

/// The folder of that name, where images lie; made where it is missing.
pub fn images(folder: &str) -> Result<PathBuf> {
    let path = root().join("target").join(folder);
    fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
    Ok(path)
}

/// Writes the image that the firmware `binary` is built around; one that is there already keeps its
/// age, so that nothing is built anew.
pub fn write_image(folder: &str, binary: &str, image: &[u8]) -> Result<()> {
    let path = images(folder)?.join(binary).with_extension("image");
    if fs::read(&path).is_ok_and(|old| old == image) {
        return Ok(());
    }
    fs::write(&path, image).with_context(|| format!("cannot write {}", path.display()))
}

/// What the device said, and what it takes.
pub struct DeviceRun {
    /// Its events.
    pub events: Vec<Event>,
    /// From the ELF file.
    pub sizes: Sizes,
}

impl DeviceRun {
    /// In the features that were kept; 0 where there were none.
    pub fn instructions_for_features(&self) -> u64 {
        let features = self.events.iter().find_map(|event| match event {
            Event::Features { instructions, .. } => Some(*instructions),
            _ => None,
        });
        features.unwrap_or(0)
    }

    /// Static data and the deepest stack, where the firmware told them.
    pub fn ram_bytes(&self) -> Option<u64> {
        self.events.iter().find_map(|event| match event {
            Event::Ram { data, stack } => Some(u64::from(*data) + u64::from(*stack)),
            _ => None,
        })
    }
}

/// Runs a firmware and hears its events.
pub fn run(emulation: &Emulation, mut tell: impl FnMut(&Event)) -> Result<DeviceRun> {
    let mut events = Vec::new();
    let mut wrong = None;
    emulation.lines(|line| match line.parse::<Event>() {
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
    Ok(DeviceRun { events, sizes: elf::sizes(emulation.elf)? })
}
