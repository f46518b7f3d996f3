//! Imports as a whole.

mod committed;
mod quantised;
mod wrong_files;

use crate::workspace::root;
use std::path::PathBuf;

fn models() -> PathBuf {
    root().join("models")
}
