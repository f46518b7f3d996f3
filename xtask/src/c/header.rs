//! The header that C programs include, made from the sources of the library.

use crate::c::folder;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::PathBuf;

/// What comes after the declarations.
const END: &str = "#ifdef __cplusplus\n}";

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
    let (header, inits) = (String::from_utf8(header)?, folder().join("inits.h"));
    let inits =
        fs::read_to_string(&inits).with_context(|| format!("reading {}", inits.display()))?;
    // Functions with a body are none that cbindgen writes.
    let (declarations, end) = header.rsplit_once(END).context("the header has another end")?;
    Ok(format!("{declarations}{inits}\n{END}{end}"))
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
