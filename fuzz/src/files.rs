//! The files that a target gives to an import.

use std::fs;
use std::path::{Path, PathBuf};

thread_local! {
    /// Where the files of a thread lie.
    static FOLDER: PathBuf = {
        let (process, thread) = (std::process::id(), std::thread::current().id());
        let name = format!("rolling-ball-fuzz-{process}-{thread:?}");
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = parent.join(name);
        if let Err(error) = fs::create_dir_all(&folder) {
            panic!("cannot make {}: {error}", folder.display());
        }
        folder
    };
}

/// Writes a file, in memory where there is a folder for that, and says where it is.
pub fn in_memory(name: &str, content: &[u8]) -> PathBuf {
    let path = FOLDER.with(|folder| folder.join(name));
    match fs::write(&path, content) {
        Ok(()) => path,
        Err(error) => panic!("cannot write {}: {error}", path.display()),
    }
}
