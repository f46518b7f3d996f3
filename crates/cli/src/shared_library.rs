//! Networks as shared libraries of this machine, which the Python package loads.

use crate::cargo;
use crate::dependency::Source;
use anyhow::{Context, Result};
use rolling_ball_import::Imported;
use std::env::consts::DLL_EXTENSION;
use std::fs;
use std::path::{Path, PathBuf};

/// The crate of the rehearsal, and its folder in the repository.
const REHEARSAL: &str = "crates/rehearsal";

/// Has cargo compile an imported network of the library at `source`, in a folder that keeps what
/// was compiled before, and returns the path of the library. What is there already, of the same
/// network and the same source, is not compiled again; of a source in a folder, which may have
/// changed, cargo knows that.
///
/// # Errors
///
/// Where nothing of the network is trained, the folder cannot be written, cargo is not there, or
/// cannot build the library.
pub fn build(imported: &Imported, source: &Source, folder: &Path, quiet: bool) -> Result<PathBuf> {
    let library = imported.shared_library(&source.of(""), &source.of(REHEARSAL))?;
    let made = folder.join(library.package());
    // A name that no crate has: it is there when the build is done.
    let done = made.join(format!("library.{DLL_EXTENSION}"));
    if !matches!(source, Source::Path(_)) && done.is_file() {
        return Ok(done);
    }
    fs::create_dir_all(&made).with_context(|| format!("cannot make {}", made.display()))?;
    if !made.join("Cargo.toml").is_file() {
        library.overwrite(&made)?;
    }
    // One folder for all, so that what they depend on is compiled once.
    let target = folder.join("target");
    let target = target.to_str().context("the path of the cache is no UTF-8")?;
    let arguments = ["--target-dir", target];
    let built = cargo::build(&made, library.package(), &arguments, &[DLL_EXTENSION], quiet)?;
    // A program that has loaded the old one keeps it: the file is replaced, not written over.
    let fresh = made.join(format!("library.{}", std::process::id()));
    fs::copy(&built, &fresh)
        .and_then(|_| fs::rename(&fresh, &done))
        .with_context(|| format!("cannot write {}", done.display()))?;
    Ok(done)
}
