//! Imports as a whole.

mod committed;
mod described;
mod quantised;
mod wrong_files;

use std::path::{Path, PathBuf};

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}
