//! The files that a target gives to an import, and what an import that refuses them says.

use crate::input::Input;
use crate::trace::tell;
use rolling_ball_import::Error;
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

/// Changes so many bytes anywhere in a file.
pub fn damage(file: &mut Vec<u8>, input: &mut Input<'_>, changes: u8) {
    for _ in 0..changes {
        let at = usize::from(u16::from_le_bytes([input.byte(), input.byte()]));
        let at = at % (file.len() + 1);
        match input.below(4) {
            0 => file.truncate(at),
            1 => file.insert(at, input.byte()),
            _ if at < file.len() => file[at] = input.byte(),
            _ => file.push(input.byte()),
        }
    }
}

/// Checks that an error of an import has words, and fewer than so many bytes of them.
pub fn refused(error: &Error, longest: usize) {
    let message = error.to_string();
    tell(format_args!("{message}"));
    assert!(message.len() > 10, "an error without words: {message:?}");
    assert!(message.len() < longest, "{} bytes of error", message.len());
}
