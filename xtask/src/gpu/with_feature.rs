//! This program, built with wgpu: not everybody is to wait for that.

use crate::workspace::{cargo, root};
use std::process::Command;

/// A command of this program, with the feature.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--locked", "--package", "xtask"]);
    command.args(["--features", "gpu"]);
    if cfg!(windows) {
        // There, a program that runs cannot be replaced.
        command.args(["--target-dir", "target/gpu/build"]);
    }
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // Mesa complains where there is none, though nothing is shown.
        command.env("XDG_RUNTIME_DIR", root().join("target"));
    }
    eprintln!("building xtask with wgpu, which takes a few minutes the first time");
    command.arg("--").args(arguments);
    command
}

/// Runs what this program was asked for with the feature.
#[cfg(not(feature = "gpu"))]
pub fn run() -> anyhow::Result<()> {
    use anyhow::{Context, ensure};
    let mut command = command(&[]);
    command.args(std::env::args_os().skip(1));
    let status = command.status().context("cannot start cargo")?;
    ensure!(
        status.success(),
        "the comparison with the GPU failed ({status}); its message is above"
    );
    Ok(())
}
