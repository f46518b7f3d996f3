//! The Python package: its wheel, and its tests in an environment that has nothing else.

use super::TestArgs;
use super::part::{Part, skipped};
use super::watch::watch;
use anyhow::{Context, Result, ensure};
use libtest_mimic::Completion;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbench::workspace::{PYTHON, in_repository, root};

/// What builds the wheel, as its pyproject.toml says.
const MATURIN: &str = "maturin>=1.9,<2";

/// What the tests need beside the wheel, which brings numpy.
const PYTEST: &str = "pytest>=8";

pub fn part(args: &TestArgs) -> Part {
    let part = Part::new("python", args).test_or_skip(
        "the_wheel_passes_its_tests_in_an_empty_environment",
        || {
            let Some(python) = python() else {
                return Ok(skipped(
                    "there is no python3 with venv; on Debian: apt-get install python3-venv",
                ));
            };
            tested(&python, "empty", &[], &[])
        },
    );
    if !args.long {
        return part;
    }
    part.test_or_skip("modules_of_torch_train_with_the_optimizers", || {
        let Some(python) = with_torch() else {
            return Ok(skipped(
                "no python3 has torch; on Debian: apt-get install python3-torch python3-venv",
            ));
        };
        tested(&python, "torch", &["--system-site-packages"], &["test_torch.py"])
    })
}

/// Builds the wheel, installs it into an environment made anew, and runs test files there, or all.
fn tested(python: &Path, name: &str, options: &[&str], files: &[&str]) -> Result<Completion> {
    let made = root().join("target/python");
    let wheel = match wheel(python, &made)? {
        Ok(wheel) => wheel,
        Err(reason) => return Ok(skipped(reason)),
    };
    let environment = made.join(name);
    if environment.exists() {
        fs::remove_dir_all(&environment)?;
    }
    let mut venv = in_repository(python);
    venv.args(["-m", "venv"]).args(options).arg(&environment);
    watch(venv)?;
    let python = program(&environment, "python");
    watch(pip(&python, &[PYTEST]))?;
    let wheel = wheel.to_str().context("the path of the repository is no UTF-8")?;
    watch(pip(&python, &[wheel]))?;

    let tests = root().join(PYTHON).join("tests");
    let mut pytest = in_repository(&python);
    pytest.args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--rootdir"]).arg(&tests);
    if files.is_empty() {
        pytest.arg(&tests);
    }
    pytest.args(files.iter().map(|file| tests.join(file)));
    // Networks that are compiled stay: cargo knows what changed.
    pytest.env("ROLLING_BALL_CACHE", made.join("networks"));
    let told = watch(pytest)?;
    ensure!(told.contains(" passed"), "pytest found no test:\n{told}");
    Ok(Completion::Completed)
}

/// Builds the wheel, or says why that cannot be done here.
fn wheel(python: &Path, made: &Path) -> Result<Result<PathBuf, String>> {
    let builder = made.join("maturin");
    let maturin = program(&builder, "maturin");
    if !maturin.is_file() {
        let mut venv = in_repository(python);
        venv.args(["-m", "venv", "--clear"]).arg(&builder);
        watch(venv)?;
        let installed = watch(pip(&program(&builder, "python"), &[MATURIN]));
        if let Err(error) = installed {
            let said = error.to_string();
            let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            return Ok(Err(format!("maturin cannot be had from PyPI: {last}")));
        }
    }
    let wheels = made.join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels)?;
    }
    let mut build = in_repository(&maturin);
    build.args(["build", "--release", "--locked", "--out"]).arg(&wheels);
    build.arg("--interpreter").arg(program(&builder, "python"));
    build.current_dir(root().join(PYTHON));
    watch(build)?;
    let mut files = fs::read_dir(&wheels)?.filter_map(|entry| Some(entry.ok()?.path()));
    let wheel = files.find(|path| path.extension().is_some_and(|extension| extension == "whl"));
    Ok(Ok(wheel.context("maturin made no wheel")?))
}

fn pip(python: &Path, what: &[&str]) -> Command {
    let mut pip = in_repository(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(what);
    pip
}

/// A program of an environment.
fn program(environment: &Path, name: &str) -> PathBuf {
    let folder = if cfg!(windows) { "Scripts" } else { "bin" };
    environment.join(folder).join(name).with_extension(std::env::consts::EXE_EXTENSION)
}

/// A Python that can make environments.
fn python() -> Option<PathBuf> {
    pythons().find(|python| imports(python, "venv, ensurepip"))
}

/// A Python that has torch already: it is too large to be fetched for a test.
fn with_torch() -> Option<PathBuf> {
    pythons().find(|python| imports(python, "venv, ensurepip, torch"))
}

/// The Python of the user, and that of the system, whose packages another one does not see.
fn pythons() -> impl Iterator<Item = PathBuf> {
    ["python3", "/usr/bin/python3"].into_iter().map(PathBuf::from)
}

fn imports(python: &Path, modules: &str) -> bool {
    let ran = Command::new(python).args(["-c", &format!("import {modules}")]).output();
    ran.is_ok_and(|output| output.status.success())
}
