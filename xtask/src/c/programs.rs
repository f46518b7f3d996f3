//! C programs on this machine: the examples, and the test of misuse.

use crate::c::{build_folder, folder, library};
use anyhow::Result;
use std::path::Path;
use std::process::Command;
use workbench::workspace::capture;

/// Those that are built and run, below the folder of the C interface.
pub const PROGRAMS: [&str; 3] = ["examples/quadratic", "examples/network", "tests/misuse"];

const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// Compiles a program and runs it in valgrind, whose every complaint is an error.
pub fn check(program: &str) -> Result<()> {
    let library = library::build(None)?;
    let source = folder().join(program).with_extension("c");
    let executable = build_folder()?.join(Path::new(program).file_name().unwrap_or_default());
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c99", "-g", "-O1"]).args(WARNINGS).arg("-I").arg(folder().join("include"));
    compiler.arg(&source).arg(&library).arg("-o").arg(&executable);
    capture(&mut compiler, &format!("compiling {}", source.display()))?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", "--error-exitcode=99", "--leak-check=full"]).arg(&executable);
    capture(&mut valgrind, &format!("{program} in valgrind"))?;
    Ok(())
}

/// Compiles the header as C++.
pub fn check_cpp() -> Result<()> {
    let mut compiler = Command::new("c++");
    compiler.args(["-std=c++11", "-fsyntax-only"]).args(WARNINGS).args(["-x", "c++"]);
    compiler.arg(folder().join("include/rolling_ball.h"));
    capture(&mut compiler, "compiling the header as C++")?;
    Ok(())
}

/// Builds and runs the same programs by CMake.
pub fn check_cmake() -> Result<()> {
    let build = build_folder()?.join("cmake");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(folder()).arg("-B").arg(&build);
    capture(&mut configure, "cmake")?;
    capture(Command::new("cmake").arg("--build").arg(&build), "cmake --build")?;
    capture(Command::new("ctest").arg("--test-dir").arg(&build), "ctest")?;
    Ok(())
}
