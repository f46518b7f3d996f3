//! This program, built with wgpu: not everybody is to wait for that.

use super::GpuArgs;
use crate::workspace::{cargo, root};
use anyhow::{Context, Result, ensure};

/// Runs the same command with the feature.
pub fn run(_: &GpuArgs) -> Result<()> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--locked", "--package", "xtask"]);
    command.args(["--features", "gpu"]);
    if cfg!(windows) {
        // There, a program that runs cannot be replaced.
        command.args(["--target-dir", "target/gpu/build"]);
    }
    command.arg("--").args(std::env::args_os().skip(1));
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // Mesa complains where there is none, though nothing is shown.
        command.env("XDG_RUNTIME_DIR", root().join("target"));
    }
    eprintln!("building xtask with wgpu, which takes a few minutes the first time");
    let status = command.status().context("cannot start cargo")?;
    ensure!(
        status.success(),
        "the comparison with the GPU failed ({status}); its message is above"
    );
    Ok(())
}
