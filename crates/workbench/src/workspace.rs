//! The repository, and running cargo in it.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// All features of the library but `gpu`, which takes minutes to build.
pub const FEATURES: &str = "simd,threads,heapless,micromath,checkpoints";
/// All features of the library.
pub const FEATURES_WITH_GPU: &str = "simd,threads,heapless,micromath,checkpoints,gpu";
/// Those that make sense on a device.
pub const DEVICE_FEATURES: &str = "defmt,heapless,micromath,checkpoints";

/// The root of the repository.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_path_buf()
}

/// The cargo that runs this program.
pub fn cargo() -> Command {
    in_repository(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A program that builds something else than this one.
pub fn in_repository(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    // What cargo told this program about itself is not true of what it builds.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST") {
            command.env_remove(&name);
        }
    }
    command.current_dir(root());
    command
}

/// The version of the compiler in use.
pub fn compiler() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = capture(Command::new(rustc).arg("--version"), "rustc --version")?;
    Ok(version.trim().to_owned())
}

/// The adapter for burn, which needs a newer compiler than the rest.
pub const BURN: &str = "bindings/burn";
/// An inference by the crate microflow, beside which ours are counted.
pub const MICROFLOW: &str = "benches/peers/microflow";

/// The Python package, which is linked as an extension of Python.
pub const PYTHON: &str = "crates/python";

/// Why the compiler in use cannot build a package that needs a newer one; nothing where it can.
pub fn too_old_for(package: &str) -> Result<Option<String>> {
    let needed = promised_rust(&root().join(package))?;
    let compiler = compiler()?;
    let reason = format!("{package} needs Rust {needed}, and this is {compiler}: rustup update");
    Ok((minor(&compiler) < minor(&needed)).then_some(reason))
}

/// The oldest Rust that a package promises to compile with, as its manifest or that of its
/// workspace says.
pub fn promised_rust(folder: &Path) -> Result<String> {
    let path = folder.join("Cargo.toml");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let manifest: toml::Table = toml::from_str(&text)?;
    let workspace = manifest.get("workspace").and_then(|workspace| workspace.get("package"));
    let mut tables = [workspace, manifest.get("package")].into_iter().flatten();
    let version = tables.find_map(|table| table.get("rust-version")?.as_str());
    let version = version.with_context(|| format!("{} has no rust-version", path.display()))?;
    Ok(version.to_owned())
}

/// 89 of "rustc 1.89.0 (29483883e 2025-08-04)" and of "1.89".
fn minor(version: &str) -> u32 {
    let number = version.trim_start_matches("rustc ").split('.').nth(1).unwrap_or_default();
    number.parse().unwrap_or(0)
}

/// Runs a command and returns what it printed, or fails with it.
pub fn capture(command: &mut Command, what: &str) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {what}"))?;
    if !output.status.success() {
        bail!("{what} failed ({}):\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_second_number() {
        assert_eq!(minor("rustc 1.89.0 (29483883e 2025-08-04)"), 89);
        assert!(minor("rustc 1.89.0 (29483883e 2025-08-04)") < minor("1.95"));
        assert!(minor("rustc 1.100.0-nightly") > minor("1.95"));
    }
}
