//! The nightly toolchain, for what stable cannot do.

use anyhow::{Context, Result, ensure};
use std::process::{Command, Stdio};
use workbench::workspace::in_repository;

/// Its cargo.
pub fn cargo() -> Command {
    let mut command = in_repository("rustup");
    command.args(["run", "nightly", "cargo"]);
    // Those that cargo set for this program are of another toolchain.
    command.env_remove("RUSTC").env_remove("RUSTDOC").env_remove("CARGO");
    command
}

/// Installs it with these components, where it is missing; else the error holds what to type.
pub fn components(components: &[&str]) -> Result<()> {
    let listing = Command::new("rustup")
        .args(["component", "list", "--installed", "--toolchain", "nightly"])
        .output()
        .context("cannot start `rustup`")?;
    let installed = String::from_utf8_lossy(&listing.stdout);
    let is_there = |component: &&str| installed.lines().any(|line| line.starts_with(*component));
    if listing.status.success() && components.iter().all(is_there) {
        return Ok(());
    }
    let mut words = vec!["toolchain", "install", "nightly", "--profile", "minimal"];
    words.extend(components.iter().flat_map(|component| ["--component", component]));
    eprintln!("setup: rustup {}", words.join(" "));
    let status = Command::new("rustup").args(&words).stdout(Stdio::null()).status()?;
    let typed = words.join(" ");
    ensure!(status.success(), "nightly is missing; install it with: rustup {typed}");
    Ok(())
}
