//! cargo-deny over every workspace of the repository, by `deny.toml`.

use super::watch::watch;
use crate::boards::BOARDS;
use anyhow::{Context, Result};
use std::env;
use std::path::{Path, PathBuf};
use workbench::workspace::{BURN, MICROFLOW, PYTHON, capture, cargo, root};

/// What was found, or why it could not be looked for.
pub type Found = Result<String, String>;

/// Licences, bans and sources, for which no network is needed but that of a first build.
pub fn check() -> Result<Found> {
    let what = "Licences and sources of all dependencies are those that `deny.toml` allows";
    deny(&["licenses", "bans", "sources"], what)
}

/// Known vulnerabilities, where somebody has fetched the database of them.
pub fn advisories() -> Result<Found> {
    let databases = cargo_home()?.join("advisory-dbs");
    if !databases.is_dir() {
        return Ok(Err("known vulnerabilities are not looked for, as there is no database of \
                       advisories; fetch it with: cargo deny fetch db"
            .to_owned()));
    }
    deny(&["--disable-fetch", "advisories"], "No dependency has a known vulnerability")
}

fn deny(checks: &[&str], what: &str) -> Result<Found> {
    if capture(cargo().args(["deny", "--version"]), "cargo-deny").is_err() {
        return Ok(Err("cargo-deny is missing, which looks at licences, sources and \
                       vulnerabilities; install it with: cargo install cargo-deny --locked"
            .to_owned()));
    }
    let workspaces = workspaces();
    for workspace in &workspaces {
        let mut command = cargo();
        command.args(["deny", "--workspace", "--locked", "--manifest-path"]);
        command.arg(workspace.join("Cargo.toml"));
        command.arg("--config").arg(root().join("deny.toml"));
        command.arg("check").args(checks);
        watch(command)?;
    }
    Ok(Ok(format!("{what}, in {} workspaces (cargo-deny).", workspaces.len())))
}

fn workspaces() -> Vec<PathBuf> {
    let folders = ["", "boards", "bindings/c", BURN, MICROFLOW, PYTHON, "fuzz"]
        .map(|folder| root().join(folder));
    folders.into_iter().chain(BOARDS.iter().map(|board| board.folder())).collect()
}

fn cargo_home() -> Result<PathBuf> {
    let own = env::var_os("CARGO_HOME").map(PathBuf::from);
    let default = || env::home_dir().map(|home| home.join(Path::new(".cargo")));
    own.or_else(default).context("there is no home folder to look for cargo's in")
}
