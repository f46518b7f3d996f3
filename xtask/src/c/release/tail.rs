//! `examples/tail.c` from the archive, without Rust: by CMake, a compiler and QEMU alone.

use super::super::build_folder;
use anyhow::{Context, Result, ensure};
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use workbench::workspace::capture;

/// What a run is built with.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    name: &'static str,
    /// The toolchain file of the archive; none for this machine.
    toolchain: Option<&'static str>,
    /// Flags in place of its own.
    flags: Option<&'static str>,
    /// C or CXX.
    language: &'static str,
}

const HOST: Run = Run { name: "host", toolchain: None, flags: None, language: "C" };

/// The example on this machine as it is written in C++, with the classes of `rolling_ball.hpp`.
pub const HOST_CXX: Run = Run { name: "host-cxx", language: "CXX", ..HOST };

const M4: Run = Run { name: "cortex-m4-hard", toolchain: Some("cortex-m4"), ..HOST };
const RV32: Run = Run { name: "riscv32imac", toolchain: Some("riscv32"), ..HOST };

const fn arm(name: &'static str, flags: &'static str) -> Run {
    Run { name, flags: Some(flags), ..M4 }
}

const fn risc_v(name: &'static str, flags: &'static str) -> Run {
    Run { name, flags: Some(flags), ..RV32 }
}

/// A Cortex-M4F, in C and in C++.
pub const CORTEX_M4: [Run; 2] = [M4, Run { name: "cortex-m4-cxx", language: "CXX", ..M4 }];

/// The other Cortex-M, a Cortex-M0 on a Cortex-M3, which runs it too.
pub const OTHER_CORTEX_M: [Run; 6] = [
    arm("cortex-m0", "-mcpu=cortex-m0 -mthumb"),
    arm("cortex-m3", "-mcpu=cortex-m3 -mthumb"),
    arm("cortex-m4-softfp", "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=softfp"),
    arm("cortex-m7-hard", "-mcpu=cortex-m7 -mthumb -mfpu=fpv5-d16 -mfloat-abi=hard"),
    arm("cortex-m33-hard", "-mcpu=cortex-m33 -mthumb -mfloat-abi=hard"),
    arm("cortex-m55-hard", "-mcpu=cortex-m55 -mthumb -mfloat-abi=hard"),
];

pub const RISC_V: Run = RV32;
pub const OTHER_RISC_V: [Run; 2] = [
    risc_v("riscv32imc", "-march=rv32imc -mabi=ilp32"),
    risc_v("riscv32imafc", "-march=rv32imafc -mabi=ilp32f"),
];

/// Runs the example for all of these, and compares what it prints with what it does here.
pub fn check(whole: &Path, runs: &[Run]) -> Result<()> {
    let expected = run(whole, HOST)?;
    let said: Vec<&str> = expected.lines().collect();
    ensure!(
        said.first() == Some(&"begun at step 0") && said.contains(&"resumed after step 20"),
        "here the example says:\n{expected}"
    );
    for &one in runs {
        let found = run(whole, one)?;
        ensure!(found == expected, "{} says:\n{found}\nhere it is:\n{expected}", one.name);
    }
    Ok(())
}

/// The folders of PATH but those that have Rust.
fn path_without_rust() -> Result<std::ffi::OsString> {
    let path = env::var_os("PATH").context("there is no PATH")?;
    let folders = env::split_paths(&path)
        .filter(|folder| !["cargo", "rustc"].iter().any(|name| folder.join(name).exists()));
    Ok(env::join_paths(folders)?)
}

/// Configures, builds and runs it, and returns what the program says.
fn run(whole: &Path, run: Run) -> Result<String> {
    let Run { name, toolchain, flags, language } = run;
    let build = build_folder()?.join("tail").join(name);
    if build.exists() {
        fs::remove_dir_all(&build)?;
    }
    let sources = whole.join("examples/tail");
    let path = path_without_rust()?;
    let cmake = || {
        let mut command = Command::new("cmake");
        command.env("PATH", &path);
        command
    };
    let mut configure = cmake();
    configure.arg("-S").arg(&sources).arg("-B").arg(&build);
    // The tests make the archive for speed alone.
    configure.args(["-DCMAKE_BUILD_TYPE=Release", &format!("-DLANGUAGE={language}")]);
    if let Some(file) = toolchain {
        let file = sources.join(file).with_extension("cmake");
        configure.arg(format!("-DCMAKE_TOOLCHAIN_FILE={}", file.display()));
        configure.args(flags.map(|flags| format!("-DCMAKE_C_FLAGS={flags}")));
    }
    capture(&mut configure, &format!("configuring the example for {name}"))?;
    let said = capture(
        cmake().arg("--build").arg(&build).args(["--target", "run"]),
        &format!("the example for {name}"),
    )?;
    // What CMake says has a percentage or a name in brackets.
    let own = |line: &&str| line.starts_with(|letter: char| letter.is_ascii_lowercase());
    let told = |line: &&str| line.ends_with(|letter: char| letter.is_ascii_digit());
    Ok(said.lines().filter(own).filter(told).collect::<Vec<_>>().join("\n"))
}
