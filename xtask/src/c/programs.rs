//! C programs on this machine: the examples and the tests.

use crate::c::{build_folder, folder, library};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbench::workspace::capture;

/// Those that are built and run, below the folder of the C interface.
pub const PROGRAMS: [&str; 5] = [
    "examples/quadratic",
    "examples/network",
    "examples/checkpoints",
    "examples/fleet",
    "tests/misuse",
];

/// A header has none of them.
pub const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"];

/// Compiles sources, below the folder of the C interface, with a library.
pub fn compile(
    name: &str,
    sources: &[PathBuf],
    library: &Path,
    flags: &[String],
) -> Result<PathBuf> {
    let executable = build_folder()?.join(name);
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c99", "-g", "-O1"]).args(WARNINGS).args(flags);
    compiler.arg("-I").arg(folder().join("include"));
    compiler.args(sources.iter().map(|source| folder().join(source)));
    compiler.arg(library).arg("-o").arg(&executable);
    capture(&mut compiler, &format!("compiling {name}"))?;
    Ok(executable)
}

/// A program in valgrind, whose every complaint is an error.
pub fn in_valgrind(executable: &Path) -> Command {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", "--error-exitcode=99", "--leak-check=full"]).arg(executable);
    valgrind
}

/// Compiles a program and runs it in valgrind.
pub fn check(program: &str) -> Result<()> {
    let source = PathBuf::from(program).with_extension("c");
    let name = program.replace('/', "_");
    let executable = compile(&name, &[source], &library::build(None)?, &[])?;
    capture(&mut in_valgrind(&executable), &format!("{program} in valgrind"))?;
    Ok(())
}

/// Compiles the header alone, by every standard that it promises.
pub fn check_header() -> Result<()> {
    for (compiler, language, standards) in
        [("cc", "c", ["c99", "c11", "c17"]), ("c++", "c++", ["c++11", "c++17", "c++20"])]
    {
        for standard in standards {
            let mut command = Command::new(compiler);
            command.arg(format!("-std={standard}")).args(["-fsyntax-only", "-x", language]);
            command.args(WARNINGS).arg(folder().join("include/rolling_ball.h"));
            capture(&mut command, &format!("compiling the header as {standard}"))?;
        }
    }
    Ok(())
}

/// Builds and runs the same programs by CMake.
pub fn check_cmake() -> Result<()> {
    let build = build_folder()?.join("cmake");
    // What it remembers names the folder of the sources, which may have moved.
    if build.exists() {
        std::fs::remove_dir_all(&build)?;
    }
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(folder()).arg("-B").arg(&build);
    // The library that the other tests have built is up to date here too.
    configure.arg(format!("-DROLLING_BALL_BUILD={}", folder().join("target").display()));
    capture(&mut configure, "cmake")?;
    capture(Command::new("cmake").arg("--build").arg(&build), "cmake --build")?;
    capture(Command::new("ctest").arg("--test-dir").arg(&build), "ctest")?;
    Ok(())
}
