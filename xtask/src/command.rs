//! The command `rolling-ball` of this repository.

use anyhow::Result;
use std::process::Command;
use workbench::workspace::{capture, cargo, root};

/// Builds it, and returns what runs it in the root of the repository.
pub fn rolling_ball() -> Result<Command> {
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--package=rolling-ball-cli"]);
    capture(&mut build, "building the command rolling-ball")?;
    let mut command = Command::new(root().join("target/release/rolling-ball"));
    command.current_dir(root());
    Ok(command)
}
