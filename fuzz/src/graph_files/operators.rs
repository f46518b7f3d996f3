//! The small models that are changed: those of models/operators.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The ONNX files, in the order of their names.
pub fn onnx() -> &'static [Vec<u8>] {
    static FILES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    FILES.get_or_init(|| files("onnx"))
}

/// The TFLite files, in the order of their names.
pub fn tflite() -> &'static [Vec<u8>] {
    static FILES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    FILES.get_or_init(|| files("tflite"))
}

fn files(kind: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/operators");
    let read = || -> std::io::Result<Vec<Vec<u8>>> {
        let entries = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path()));
        let mut paths = entries.collect::<std::io::Result<Vec<PathBuf>>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == kind));
        paths.sort();
        paths.iter().map(fs::read).collect()
    };
    match read() {
        Ok(files) if !files.is_empty() => files,
        ended => panic!("{}: expected .{kind} files, found {ended:?}", folder.display()),
    }
}
