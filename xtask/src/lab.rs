//! The laboratory, which is a program of its own: `cargo lab`.

use std::process::Command;
use workbench::workspace::cargo;

/// A run of it; it says that it may have to be built.
pub fn command(arguments: &[&str]) -> Command {
    eprintln!("building the laboratory, which takes a few minutes the first time");
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--locked", "--package", "lab", "--"]);
    command.args(arguments);
    command
}
