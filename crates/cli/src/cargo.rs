//! Crates that cargo builds for the user.

use anyhow::{Context, Result, bail};
use rolling_ball_import::shown;
use serde_json::Value;
use std::env;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Cargo, in a folder.
pub fn command(folder: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(folder);
    cargo
}

/// Builds the crate `name` in a folder for speed, and returns the file that it makes with one of
/// these endings. What cargo does, it says on the stream of errors, unless it is to be `quiet`:
/// then an error has it.
pub fn build(
    folder: &Path,
    name: &str,
    arguments: &[&str],
    endings: &[&str],
    quiet: bool,
) -> Result<PathBuf> {
    let mut build = command(folder);
    build.args(["build", "--release", "--message-format=json-render-diagnostics"]).args(arguments);
    build.stderr(if quiet { Stdio::piped() } else { Stdio::inherit() });
    let built = build.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow::anyhow!(
            "cannot run cargo: the network is compiled by Rust, which https://rustup.rs installs"
        ),
        _ => anyhow::Error::new(error).context("running cargo"),
    })?;
    if !built.status.success() {
        let said = String::from_utf8_lossy(&built.stderr);
        let shown_folder = shown(&folder.display().to_string());
        bail!("cargo could not build the library in {shown_folder}\n{}", said.trim());
    }
    artifact(&String::from_utf8_lossy(&built.stdout), name, endings)
}

/// The library among what cargo says that it made.
fn artifact(messages: &str, name: &str, endings: &[&str]) -> Result<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut libraries = messages
        .filter(|message| message["target"]["name"] == name)
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
        .filter_map(|file| file.as_str().map(PathBuf::from));
    let library = libraries.find(|file| {
        endings.iter().any(|ending| file.extension().is_some_and(|other| other == *ending))
    });
    library.with_context(|| format!("cargo made no library of {name}"))
}
