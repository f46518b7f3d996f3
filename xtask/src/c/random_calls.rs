//! Random calls of the whole header, by a program in C that knows what each must answer.

use super::library;
use super::programs::{compile, in_valgrind};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbench::progress::during;
use workbench::workspace::capture;

/// What watches the memory meanwhile.
#[derive(Clone, Copy, Debug)]
pub enum Watcher {
    /// AddressSanitizer in the library and in the program, and in the program
    /// UndefinedBehaviorSanitizer.
    Sanitizer,
    Valgrind,
}

const SANITIZED: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// Makes random calls, and tells how many of what kind. The same number is the same calls.
pub fn make(watcher: Watcher, calls: u64) -> Result<String> {
    let mut program = watcher.program("random_calls", &sources("tests/random_calls")?)?;
    program.arg(calls.to_string());
    let what = format!("{calls} random calls under {watcher:?}");
    let said = during(&what, || capture(&mut program, &what))?;
    Ok(said.trim().to_owned())
}

/// Fails where a store of the library past the end of a buffer is not noticed.
pub fn check_watched(watcher: Watcher) -> Result<()> {
    let output = watcher.program("overrun", &["tests/overrun.c".into()])?.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let complaint = match watcher {
        Watcher::Sanitizer => "heap-buffer-overflow",
        Watcher::Valgrind => "Invalid write",
    };
    ensure!(
        !output.status.success() && said.contains(complaint),
        "{watcher:?} did not notice that the library wrote past a buffer ({}): {said}",
        output.status
    );
    Ok(())
}

impl Watcher {
    /// A program with the library, to be run under the watcher.
    fn program(self, name: &str, sources: &[PathBuf]) -> Result<Command> {
        Ok(match self {
            Self::Sanitizer => {
                let library = library::build_sanitized()?;
                Command::new(compile(&format!("{name}_sanitized"), sources, &library, &SANITIZED)?)
            }
            Self::Valgrind => in_valgrind(&compile(name, sources, &library::build(None)?, &[])?),
        })
    }
}

/// The sources in a folder below that of the C interface.
fn sources(folder: &str) -> Result<Vec<PathBuf>> {
    let whole = super::folder().join(folder);
    let entries =
        fs::read_dir(&whole).with_context(|| format!("cannot read {}", whole.display()))?;
    let mut sources = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        if Path::new(&name).extension().is_some_and(|extension| extension == "c") {
            sources.push(Path::new(folder).join(name));
        }
    }
    sources.sort();
    Ok(sources)
}
