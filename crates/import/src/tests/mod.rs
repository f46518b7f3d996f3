//! Imports as a whole.

mod committed;
mod described;
mod exported;
mod generated;
mod inspected;
mod quantised;
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
    path.is_dir().then_some(path)
}
