//! Model files and descriptions, damaged in any way: an import answers or says what is wrong, and
//! its memory is bounded.

mod description;

use crate::input::Input;
use crate::memory::peak_of;
use crate::trace::tell;
use description::Description;
use rolling_ball_import::Import;
use std::fs;
use std::path::{Path, PathBuf};

/// What docs/import.md promises: an import takes at most so many times the bytes of its files, and
/// so many bytes more.
const TIMES: usize = 18;
const MORE: usize = 170_000_000;
/// The threads that import at the same time are counted together.
const THREADS: usize = 2;

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

/// Makes the calls that the bytes say; how many there were.
pub fn run(data: &[u8]) -> u64 {
    let mut input = Input::new(data);
    let Description { mut text, mut model, mut inputs } = Description::read(&mut input);
    for file in [&mut text, &mut model, &mut inputs] {
        damage(file, &mut input);
    }
    let bytes = text.len() + model.len() + 2 * inputs.len();
    let [text, model, inputs] = FOLDER.with(|folder| {
        tell(format_args!("{}", String::from_utf8_lossy(&text)));
        [("network.toml", text), ("model", model), ("inputs", inputs)].map(|(name, content)| {
            let path = folder.join(name);
            match fs::write(&path, content) {
                Ok(()) => path,
                Err(error) => panic!("cannot write {}: {error}", path.display()),
            }
        })
    });
    let mut import = Import::new(model).network(text);
    let extra = input.byte();
    if extra & 1 == 1 {
        import = import.int8(&inputs);
    }
    if extra & 2 == 2 {
        import = import.test(inputs);
    }
    let (read, peak) = peak_of(|| import.read());
    tell(format_args!("{peak} bytes of memory for {bytes} of files"));
    assert!(
        peak <= THREADS * (TIMES * bytes + MORE),
        "{peak} bytes of memory for {bytes} of files"
    );
    match read {
        Ok(imported) => {
            assert!(!imported.files().is_empty());
            tell(format_args!("{:?}", imported.report()));
        }
        Err(error) => {
            let message = error.to_string();
            tell(format_args!("{message}"));
            assert!(message.len() > 10, "an error without words: {message:?}");
            assert!(message.len() < 4096, "{} bytes of error", message.len());
        }
    }
    1
}

/// Changes some bytes.
fn damage(file: &mut Vec<u8>, input: &mut Input<'_>) {
    for _ in 0..input.byte().saturating_sub(160) / 24 {
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
