//! Random calls of the whole header, and of that of an imported network, by a program in C that
//! knows what each must answer.

use super::imported::{self, Library};
use super::programs::{compile, in_valgrind};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbench::progress::during;
use workbench::workspace::{capture, root};

/// What watches the memory meanwhile.
#[derive(Clone, Copy, Debug)]
pub enum Watcher {
    /// AddressSanitizer in the library and in the program, and in the program
    /// UndefinedBehaviorSanitizer.
    Sanitizer,
    Valgrind,
}

/// The networks that are called: one whose features are floats, and one whose features are bytes.
pub const NETWORKS: [&str; 2] = ["residual", "convolution_same_int8"];

const SANITIZED: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

const SOURCES: &str = "tests/random_calls";

/// Makes random calls with the library of a network, and tells how many of what kind. The same
/// number is the same calls.
pub fn make(watcher: Watcher, network: &str, calls: u64) -> Result<String> {
    let mut program = watcher.program("random_calls", network, &sources(SOURCES)?)?;
    program.arg(calls.to_string());
    let what = format!("{calls} random calls of {network} under {watcher:?}");
    let said = during(&what, || capture(&mut program, &what))?;
    Ok(said.trim().to_owned())
}

/// Fails where a store of the library past the end of a buffer is not noticed.
pub fn check_watched(watcher: Watcher, network: &str) -> Result<()> {
    let output = watcher.program("overrun", network, &["tests/overrun.c".into()])?.output()?;
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

/// Fails where a function of the headers is not among the random calls.
pub fn check_complete() -> Result<()> {
    let mut calls = String::new();
    for source in sources(SOURCES)? {
        calls += &fs::read_to_string(super::folder().join(source))?;
    }
    let header = fs::read_to_string(super::folder().join("include/rolling_ball.h"))?;
    let network = fs::read_to_string(root().join("crates/import/src/c_library/header.h"))?;
    // There the names begin with that of the network, which the calls have from a macro.
    let (network, by_macro) = (network.replace("@name@", ""), calls.replace(")(", "("));
    let declared = [functions(&header, "rb_"), functions(&network, "_")].concat();
    let called = [functions(&calls, "rb_"), functions(&by_macro, "_")].concat();
    let called: BTreeSet<_> = called.into_iter().collect();
    let missing: BTreeSet<_> = declared.into_iter().filter(|name| !called.contains(name)).collect();
    ensure!(missing.is_empty(), "{SOURCES} calls none of {missing:?}");
    Ok(())
}

/// The words of a text that begin so and come before a bracket, which are functions.
fn functions<'t>(text: &'t str, prefix: &str) -> Vec<&'t str> {
    let before = text.split('(').map(|part| {
        let start = part.rfind(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        part.get(start.map_or(0, |at| at + 1)..).unwrap_or_default()
    });
    before.filter(|word| word.starts_with(prefix)).collect()
}

impl Watcher {
    /// A program with the library of a network, to be run under the watcher.
    fn program(self, name: &str, network: &str, sources: &[PathBuf]) -> Result<Command> {
        let name = format!("{name}_{network}");
        Ok(match self {
            Self::Sanitizer => {
                let Library { archive, flags } = imported::build_sanitized(network)?;
                let flags: Vec<_> = SANITIZED.into_iter().map(str::to_owned).chain(flags).collect();
                Command::new(compile(&format!("{name}_sanitized"), sources, &archive, &flags)?)
            }
            Self::Valgrind => {
                let Library { archive, flags } = imported::build(network)?;
                in_valgrind(&compile(&name, sources, &archive, &flags)?)
            }
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
