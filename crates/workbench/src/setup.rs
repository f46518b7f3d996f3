//! Makes a fresh machine ready, and says what it installs.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// Adds the Rust targets in `targets` that the active toolchain does not have yet.
///
/// Under `cargo` the variable `RUSTUP_TOOLCHAIN` names the active toolchain; the child
/// inherits it, so the targets land where the build will look for them.
pub fn rust_targets(targets: &[&str]) -> Result<()> {
    let by_hand = format!("to add the targets by hand: rustup target add {}", targets.join(" "));
    let listing = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .stdin(Stdio::null())
        .output()
        .with_context(|| {
            format!("cannot start `rustup` (is it installed and on PATH?); {by_hand}")
        })?;
    ensure!(
        listing.status.success(),
        "`rustup target list --installed` failed ({}): {}; {by_hand}",
        listing.status,
        String::from_utf8_lossy(&listing.stderr).trim(),
    );

    let installed = String::from_utf8_lossy(&listing.stdout);
    let missing = missing_targets(&installed, targets);
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("setup: installing Rust targets: {}", missing.join(" "));
    let mut add = vec!["rustup", "target", "add"];
    add.extend(missing);
    run(&add).with_context(|| format!("cannot add the Rust targets; {by_hand}"))
}

/// Installs a Rust toolchain of that version with these targets, where it is missing.
pub fn rust_toolchain(version: &str, targets: &[&str]) -> Result<()> {
    let mut words = vec!["rustup", "toolchain", "install", version, "--profile", "minimal"];
    words.extend(targets.iter().flat_map(|target| ["--target", target]));
    let by_hand = format!("to install Rust {version} by hand: {}", words.join(" "));
    let listing = Command::new("rustup")
        .args(["target", "list", "--installed", "--toolchain", version])
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `rustup`; {by_hand}"))?;
    let installed = String::from_utf8_lossy(&listing.stdout);
    if listing.status.success() && missing_targets(&installed, targets).is_empty() {
        return Ok(());
    }
    eprintln!("setup: installing Rust {version} with {}", targets.join(" "));
    run(&words).with_context(|| format!("cannot install Rust {version}; {by_hand}"))
}

/// A program of LLVM, such as `llvm-objdump`, of the active toolchain; rustup adds the component
/// that has it where it is missing.
pub fn llvm_tool(name: &str) -> Result<PathBuf> {
    let folder = libraries()?.join("bin");
    let tool = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    if !tool.is_file() {
        eprintln!("setup: installing llvm-tools, which has {name}");
        run(&["rustup", "component", "add", "llvm-tools"])
            .context("cannot add it; by hand: rustup component add llvm-tools")?;
    }
    ensure!(tool.is_file(), "llvm-tools is installed, but there is no {}", tool.display());
    Ok(tool)
}

/// The folder of the active toolchain that has the libraries and programs of this machine.
fn libraries() -> Result<PathBuf> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir"])
        .stdin(Stdio::null())
        .output()
        .context("cannot start `rustc`; is it installed and on PATH?")?;
    ensure!(output.status.success(), "`rustc --print target-libdir` failed ({})", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let folder = Path::new(text.trim()).parent().context("rustc named no folder of libraries")?;
    Ok(folder.to_owned())
}

/// Makes sure `program` is on PATH, with the Debian package that holds it.
///
/// Installs only as root or when `install` asks for it (then through `sudo`); otherwise the
/// error holds the exact command to type.
pub fn debian_package(program: &str, package: &str, install: bool) -> Result<()> {
    if on_path(program) {
        return Ok(());
    }
    self::install(package, &format!("`{program}`"), install)?;
    ensure!(
        on_path(program),
        "package {package} is installed, but `{program}` is still not on PATH; \
         add the folder that holds it to PATH",
    );
    Ok(())
}

/// Installs a Debian package for `what`, which is missing: as root, or when `allowed` (then through
/// `sudo`); otherwise the error holds the exact command to type.
pub fn install(package: &str, what: &str, allowed: bool) -> Result<()> {
    ensure!(
        on_path("apt-get"),
        "{what} is missing, and there is no `apt-get` to install {package} with; \
         install it with the system's package manager{}",
        if package.starts_with("qemu") { ", version 7.2 or newer" } else { "" },
    );
    let commands = apt_commands(package, is_root()?);
    let typed = commands.each_ref().map(|words| words.join(" ")).join(" && ");
    ensure!(may_install(allowed)?, "{what} is missing; install it with: {typed}");

    eprintln!("setup: installing Debian package {package} (for {what})");
    for command in &commands {
        run(command).with_context(|| format!("cannot install {package}; run by hand: {typed}"))?;
    }
    Ok(())
}

fn missing_targets<'a>(installed: &str, wanted: &[&'a str]) -> Vec<&'a str> {
    let mut missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|target| !installed.lines().any(|line| line.trim() == *target))
        .collect();
    missing.dedup();
    missing
}

fn apt_commands(package: &str, root: bool) -> [Vec<&str>; 2] {
    let prefix: &[&str] = if root { &["env"] } else { &["sudo", "env"] };
    let command = |arguments: &[&'static str]| {
        let mut words = prefix.to_vec();
        words.extend(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        words.extend(arguments);
        words
    };
    let mut install = command(&["install", "-y", "--no-install-recommends"]);
    install.push(package);
    [command(&["update"]), install]
}

/// Whether packages are installed without a question: as root, or when `allowed`.
pub fn may_install(allowed: bool) -> Result<bool> {
    Ok(allowed || is_root()?)
}

fn is_root() -> Result<bool> {
    let output = Command::new("id")
        .arg("-u")
        .stdin(Stdio::null())
        .output()
        .context("cannot run `id -u` to learn whether this is root; install coreutils")?;
    ensure!(
        output.status.success(),
        "`id -u` failed ({}): {}; check that it works in this shell",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim(),
    );
    Ok(output.stdout.trim_ascii() == b"0")
}

fn on_path(program: &str) -> bool {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(&file).is_file()))
}

/// Runs `words`; its output goes to stderr, so that stdout stays the caller's own.
fn run(words: &[&str]) -> Result<()> {
    let Some((program, arguments)) = words.split_first() else {
        bail!("no command to run; name a program");
    };
    let typed = words.join(" ");
    let status = Command::new(program)
        .args(arguments)
        .stdout(io::stderr())
        .status()
        .with_context(|| format!("cannot start `{typed}`; is `{program}` on PATH?"))?;
    ensure!(status.success(), "`{typed}` failed ({status}); its message is above");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absent_targets_are_missing() {
        let installed = "thumbv7em-none-eabi\nthumbv7em-none-eabihf\n";
        let wanted = ["thumbv7em-none-eabihf", "thumbv6m-none-eabi", "thumbv6m-none-eabi"];
        assert_eq!(missing_targets(installed, &wanted), ["thumbv6m-none-eabi"]);
    }

    #[test]
    fn sudo_only_when_not_root() {
        let [update, install] = apt_commands("qemu-system-arm", false);
        assert_eq!(update.join(" "), "sudo env DEBIAN_FRONTEND=noninteractive apt-get update");
        assert!(install.ends_with(&["--no-install-recommends", "qemu-system-arm"]));
        assert!(!apt_commands("qemu-system-arm", true).concat().contains(&"sudo"));
    }

    #[test]
    fn program_on_path_needs_no_package() -> Result<()> {
        debian_package("cargo", "no-such-package", false)
    }

    #[test]
    fn failing_command_is_named() {
        let message = match run(&["no-such-program-anywhere", "now"]) {
            Ok(()) => String::new(),
            Err(error) => format!("{error:#}"),
        };
        assert!(message.contains("`no-such-program-anywhere now`"), "{message}");
    }
}
