//! `rolling-ball import --c-library`: lets cargo make a static library of an imported network.

use crate::cargo;
use crate::dependency::Source;
use anyhow::{Context, Result, bail, ensure};
use rolling_ball_import::{Imported, shown, single_object};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crate of the C interface, and its folder in the repository.
const BINDINGS: (&str, &str) = ("rolling-ball-c", "bindings/c");

/// What a library is made for.
#[derive(Clone, Debug)]
pub struct Target(String);

impl Target {
    /// A target of Rust by its name, or this machine, where its standard library is installed.
    pub fn find(name: &str) -> Result<Self> {
        let host = rustc(&["-vV"])?;
        let host = host.lines().find_map(|line| line.strip_prefix("host: "));
        let target = match name {
            "host" => host.context("rustc names no host")?,
            target => target,
        };
        // An error of rustc's own where it knows no such target.
        let libraries = rustc(&["--target", target, "--print", "target-libdir"])?;
        ensure!(
            Path::new(libraries.trim()).is_dir(),
            "Rust has nothing installed for the target {target}; do so with:\n\n    rustup target \
             add {target}\n"
        );
        Ok(Self(target.to_owned()))
    }

    /// Builds the crate in the folder `name` of a directory, and copies the library and the header
    /// of the C interface beside it.
    pub fn build(&self, name: &str, out: &Path) -> Result<()> {
        let (Self(target), folder) = (self, out.join(name));
        let shown_folder = shown(&folder.display().to_string());
        println!("cargo builds the library for {target} in {shown_folder}:");
        // Windows names it NAME.lib.
        let library = cargo::build(&folder, name, &["--target", target], &["a", "lib"], false)?;
        let header = bindings(&folder)?.join("include/rolling_ball.h");
        println!();
        // The program's own memcpy stays its own.
        let function = format!("{name}_predict");
        let library = single_object(&library, &function, &["rb_", &format!("{name}_")])?;
        let to = out.join(format!("lib{name}.a"));
        fs::write(&to, library).with_context(|| format!("cannot write {}", to.display()))?;
        let to = out.join("rolling_ball.h");
        fs::copy(&header, &to)
            .with_context(|| format!("cannot copy {} to {}", header.display(), to.display()))?;
        for file in [format!("lib{name}.a"), format!("{name}.h"), "rolling_ball.h".to_owned()] {
            let path = out.join(file);
            let (bytes, path) = (fs::metadata(&path)?.len(), path.display().to_string());
            println!("{bytes:>9} bytes  {}", shown(&path));
        }
        Ok(())
    }
}

/// Writes the crate, and the header of the network.
pub fn write(imported: &Imported, source: &Source, out: &Path, force: bool) -> Result<()> {
    let library = imported.c_library(&source.of(""), &source.of(BINDINGS.1))?;
    for file in [format!("lib{}.a", imported.name()), "rolling_ball.h".to_owned()] {
        let path = out.join(file);
        let link = fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_file());
        ensure!(!link, "{}: expected nothing there, or a file to replace", path.display());
    }
    if force {
        library.overwrite(out)?;
    } else {
        library.write(out)?;
    }
    Ok(())
}

fn rustc(arguments: &[&str]) -> Result<String> {
    let output = Command::new("rustc").args(arguments).output().context(
        "cannot run rustc: a library for C is compiled by Rust, which https://rustup.rs installs",
    )?;
    if !output.status.success() {
        bail!("rustc: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Where cargo has the C interface.
fn bindings(folder: &Path) -> Result<PathBuf> {
    let metadata = cargo::command(folder).args(["metadata", "--format-version=1"]).output()?;
    let metadata: Value = serde_json::from_slice(&metadata.stdout).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let manifest = packages
        .filter(|package| package["name"] == BINDINGS.0)
        .find_map(|package| package["manifest_path"].as_str());
    let manifest = Path::new(manifest.context("cargo knows no rolling-ball-c")?);
    Ok(manifest.parent().unwrap_or(manifest).to_owned())
}
