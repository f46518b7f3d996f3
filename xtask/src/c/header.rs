//! The header that C programs include, made from the sources of the library.

use crate::c::folder;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::PathBuf;

/// Where it is kept.
fn path() -> PathBuf {
    folder().join("include/rolling_ball.h")
}

/// What the sources say that it is.
fn generate() -> Result<String> {
    let settings = folder().join("cbindgen.toml");
    let settings = cbindgen::Config::from_file(&settings)
        .map_err(anyhow::Error::msg)
        .with_context(|| format!("reading {}", settings.display()))?;
    let bindings = cbindgen::generate_with_config(folder(), settings)
        .context("making the C header from bindings/c/src")?;
    let mut header = Vec::new();
    bindings.write(&mut header);
    Ok(String::from_utf8(header)?)
}

/// Writes the header.
pub fn write() -> Result<()> {
    fs::write(path(), generate()?).with_context(|| format!("writing {}", path().display()))
}

/// Fails where the header is not what the sources say.
pub fn check() -> Result<()> {
    let kept = fs::read_to_string(path()).unwrap_or_default();
    ensure!(
        kept == generate()?,
        "{} is not what bindings/c/src says; write it anew with: cargo xtask c --header",
        path().display()
    );
    Ok(())
}
