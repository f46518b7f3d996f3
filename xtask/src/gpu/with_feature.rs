//! This program, built with wgpu: not everybody is to wait for that.

use crate::workspace::{root, xtask};
use std::process::Command;

/// A command of this program, with the feature.
pub fn command(arguments: &[&str]) -> Command {
    // On Windows, a program that runs cannot be replaced.
    let elsewhere: &[&str] = &["--features", "gpu", "--target-dir", "target/gpu/build"];
    let options = if cfg!(windows) { elsewhere } else { &elsewhere[..2] };
    let mut command = xtask(options, arguments);
    without_window(&mut command);
    eprintln!("building xtask with wgpu, which takes a few minutes the first time");
    command
}

/// Mesa complains where there is no folder for the session of a user, though nothing is shown.
pub fn without_window(command: &mut Command) {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        command.env("XDG_RUNTIME_DIR", root().join("target"));
    }
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
