//! The reader and the evaluator: against LiteRT's outputs, against what is refused, and against
//! damaged files.

mod damaged;
mod litert;
mod refused;

use std::path::{Path, PathBuf};

/// The small networks that `models/tflite_cases.py` makes.
fn operators() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/operators")
}

/// A folder beside the repository, with what is too large for it.
fn shared(folder: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("ROLLING_BALL_SHARED").map_or(beside, PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("SKIPPED: there is no {}; ROLLING_BALL_SHARED names another", path.display());
    None
}
