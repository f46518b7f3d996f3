//! The static library, and the proof that it needs nothing and cannot panic.

use crate::c::{build_folder, folder};
use crate::device::elf;
use anyhow::{Context, Result, ensure};
use object::read::archive::ArchiveFile;
use object::{File, Object, ObjectSymbol};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbench::workspace::{capture, cargo};

/// Builds the library for a target, or for this machine.
pub fn build(target: Option<&str>) -> Result<PathBuf> {
    let mut command = cargo();
    command.current_dir(folder());
    command.args(["build", "--release", "--locked", "--target-dir", "target"]);
    command.args(target.map(|target| format!("--target={target}")));
    capture(&mut command, "building the C library")?;
    Ok(folder().join("target").join(target.unwrap_or_default()).join("release/librolling_ball.a"))
}

/// Links all functions of the header with nothing but the library itself, and fails where one of
/// the forbidden symbols comes with them.
pub fn check_alone(target: &str, forbidden: &[&str]) -> Result<()> {
    let library = build(Some(target))?;
    let linked = build_folder()?.join(format!("{target}.elf"));
    let functions = functions(&library)?;
    let mut command = Command::new(linker()?);
    command.args(["-flavor", "gnu", "--gc-sections", "--entry=rb_begin"]);
    command.args(functions.iter().map(|name| format!("--undefined={name}")));
    command.arg(&library).arg("-o").arg(&linked);
    capture(&mut command, &format!("linking the C library for {target} with nothing else"))?;
    let found = elf::symbols_matching(&linked, forbidden)?;
    ensure!(found.is_empty(), "the C library for {target} contains {found:?}");
    // An empty list proves something only where the functions are in there.
    let kept = elf::symbols_matching(&linked, &["rb_"])?;
    ensure!(
        functions.iter().all(|name| kept.contains(name)),
        "the C library for {target} lost functions in linking"
    );
    Ok(())
}

/// The functions that a C program may call.
fn functions(library: &Path) -> Result<BTreeSet<String>> {
    let bytes = fs::read(library).with_context(|| format!("reading {}", library.display()))?;
    let mut names = BTreeSet::new();
    for member in ArchiveFile::parse(&*bytes)?.members() {
        let file = File::parse(member?.data(&*bytes)?)?;
        for symbol in file.symbols().filter(|symbol| symbol.is_global() && symbol.is_definition()) {
            let name = symbol.name()?;
            if name.starts_with("rb_") {
                names.insert(name.to_owned());
            }
        }
    }
    ensure!(!names.is_empty(), "{} has no function of the header", library.display());
    Ok(names)
}

/// The linker that comes with Rust, so that the proof needs no cross compiler.
fn linker() -> Result<PathBuf> {
    let libraries = capture(Command::new("rustc").args(["--print", "target-libdir"]), "rustc")?;
    let host = Path::new(libraries.trim()).parent().context("rustc names no library folder")?;
    Ok(host.join("bin/rust-lld"))
}
