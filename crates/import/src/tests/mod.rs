//! Imports as a whole.

mod committed;
mod described;
mod exported;
mod generated;
mod inspected;
mod quantised;
mod silently_wrong;
mod users_models;
mod wrong_files;

use std::path::{Path, PathBuf};

pub fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

/// The folder with users' models, if it is there.
fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("ROLLING_BALL_SHARED").map(PathBuf::from);
    let path =
        path.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    if path.is_dir() {
        return Some(path);
    }
    println!("SKIPPED: there is no {}; ROLLING_BALL_SHARED names another", path.display());
    None
}
