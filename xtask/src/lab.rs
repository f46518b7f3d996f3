//! The laboratory, which is a program of its own: `cargo lab`.

use std::process::Command;
use workbench::workspace::cargo;

/// A run of it.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--locked", "--package", "lab", "--"]);
    command.args(arguments);
    command
}
