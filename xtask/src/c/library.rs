//! The static library, and the proof that it needs nothing and cannot panic.

use crate::c::{build_folder, folder};
use crate::device::elf;
use anyhow::{Context, Result, ensure};
use object::read::archive::ArchiveFile;
use object::{File, Object, ObjectSymbol};
use rolling_ball_import::single_object;
use std::collections::BTreeSet;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbench::workspace::{capture, cargo};

/// Builds the library for a target, or for this machine.
pub fn build(target: Option<&str>) -> Result<PathBuf> {
    let targets = Vec::from_iter(target);
    build_all(&targets)?;
    single(target.unwrap_or_default())
}

/// Builds the library for a target, and for size.
pub fn build_small(target: &str) -> Result<PathBuf> {
    let mut command = cargo();
    command.current_dir(folder()).env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "z");
    command.args(["build", "--release", "--locked", "--target-dir", "target/small"]);
    capture(command.args(["--target", target]), "building the C library for size")?;
    let built = folder().join("target/small").join(target).join("release/librolling_ball.a");
    let path = build_folder()?.join("librolling_ball_small.a");
    fs::write(&path, single_object(&built, "rb_version", &["rb_"])?)?;
    Ok(path)
}

/// The library that was built for a target, as one object without names that are not the header's.
fn single(target: &str) -> Result<PathBuf> {
    let library = single_object(&built(target), "rb_version", &["rb_"])?;
    let folder = build_folder()?.join("libraries").join(target);
    fs::create_dir_all(&folder)?;
    let path = folder.join("librolling_ball.a");
    fs::write(&path, library).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

/// Fails where a library has global names that are not the header's, such as memcpy: they would be
/// those of the whole program.
pub fn check_names(library: &Path, prefixes: &[&str]) -> Result<()> {
    let foreign: Vec<String> = defined(library)?
        .into_iter()
        .filter(|name| !prefixes.iter().any(|prefix| name.starts_with(prefix)))
        .collect();
    ensure!(foreign.is_empty(), "{} takes over {foreign:?}", library.display());
    Ok(())
}

/// Builds the library for several targets at once, which keeps all processors busy.
fn build_all(targets: &[&str]) -> Result<()> {
    let mut command = cargo();
    command.current_dir(folder());
    command.args(["build", "--release", "--locked", "--target-dir", "target"]);
    command.args(targets.iter().map(|target| format!("--target={target}")));
    capture(&mut command, "building the C library")?;
    Ok(())
}

/// Where it is then.
fn built(target: &str) -> PathBuf {
    folder().join("target").join(target).join("release/librolling_ball.a")
}

/// Builds the library for this machine as a shared object, for programs that load it when they run.
pub fn build_shared() -> Result<PathBuf> {
    let mut command = cargo();
    command.current_dir(folder());
    command.args(["rustc", "--release", "--locked", "--target-dir", "target/shared"]);
    command.args(["--package", "rolling-ball-static", "--crate-type", "cdylib"]);
    capture(&mut command, "building the C library as a shared object")?;
    let name = format!("{DLL_PREFIX}rolling_ball{DLL_SUFFIX}");
    Ok(folder().join("target/shared/release").join(name))
}

/// The target that this machine is.
pub fn host() -> Result<String> {
    let rustc = capture(Command::new("rustc").arg("-vV"), "rustc -vV")?;
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}

/// Does what [`check_linked`] does for the library without a network, which is built for all of
/// `targets`. They are checked one by one.
pub fn check_alone(target: &str, targets: &[&str], forbidden: &[&str]) -> Result<()> {
    build_all(targets)?;
    let library = single(target)?;
    check_names(&library, &["rb_"])?;
    check_linked(&library, target, &["rb_"], forbidden)
}

/// Links all functions of a library whose names begin so, with nothing but the library itself, and
/// fails where one of the forbidden symbols comes with them.
pub fn check_linked(
    library: &Path,
    what: &str,
    prefixes: &[&str],
    forbidden: &[&str],
) -> Result<()> {
    let linked = build_folder()?.join(format!("{what}.linked.elf"));
    let functions = functions(library, prefixes)?;
    let mut command = Command::new(linker()?);
    command.args(["-flavor", "gnu", "--gc-sections", "--entry=rb_begin"]);
    command.args(functions.iter().map(|name| format!("--undefined={name}")));
    command.arg(library).arg("-o").arg(&linked);
    capture(&mut command, &format!("linking the C library for {what} with nothing else"))?;
    let found = elf::symbols_matching(&linked, forbidden)?;
    ensure!(found.is_empty(), "the C library for {what} contains {found:?}");
    // An empty list proves something only where the functions are in there.
    let kept = elf::symbols_matching(&linked, prefixes)?;
    ensure!(
        functions.iter().all(|name| kept.contains(name)),
        "the C library for {what} lost functions in linking"
    );
    Ok(())
}

/// The functions that a C program may call.
fn functions(library: &Path, prefixes: &[&str]) -> Result<BTreeSet<String>> {
    let mut names = defined(library)?;
    names.retain(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)));
    ensure!(!names.is_empty(), "{} has no function of the header", library.display());
    Ok(names)
}

/// The global names that a library defines.
fn defined(library: &Path) -> Result<BTreeSet<String>> {
    let bytes = fs::read(library).with_context(|| format!("reading {}", library.display()))?;
    let mut names = BTreeSet::new();
    for member in ArchiveFile::parse(&*bytes)?.members() {
        let file = File::parse(member?.data(&*bytes)?)?;
        for symbol in file.symbols().filter(|symbol| symbol.is_global() && symbol.is_definition()) {
            names.insert(symbol.name()?.to_owned());
        }
    }
    Ok(names)
}

/// The linker that comes with Rust, so that the proof needs no cross compiler.
fn linker() -> Result<PathBuf> {
    let libraries = capture(Command::new("rustc").args(["--print", "target-libdir"]), "rustc")?;
    let host = Path::new(libraries.trim()).parent().context("rustc names no library folder")?;
    Ok(host.join("bin/rust-lld"))
}
