//! The Python package: its wheel, and its tests in an environment that has nothing else.

use super::TestArgs;
use super::part::{Part, skipped};
use super::watch::{cargo_test, watch};
use anyhow::{Context, Result, ensure};
use libtest_mimic::Completion;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbench::workspace::{PYTHON, cargo, in_repository, root};

/// What builds the wheel, as its pyproject.toml says.
const MATURIN: &str = "maturin>=1.9,<2";

/// What the tests need beside the wheel.
const PACKAGES: [&str; 2] = ["numpy>=1.22", "pytest>=8"];

pub fn part(args: &TestArgs) -> Part {
    let long = args.long;
    let part = Part::new("python", args)
        .test("a_network_in_a_shared_library_has_the_bits_of_direct_calls", shared_library)
        .test_or_skip("the_wheel_passes_its_tests_in_an_empty_environment", move || {
            let Some(python) = python_with("venv, ensurepip") else {
                return Ok(skipped(
                    "there is no python3 from 3.9 on with venv; on Debian: apt-get install \
                     python3-venv",
                ));
            };
            tested(&python, long, &Environment { name: "empty", options: &[], files: &[] })
        });
    if !long {
        return part;
    }
    part.test_or_skip("modules_of_torch_train_with_the_optimizers", move || {
        // Torch is too large to be fetched for a test.
        let Some(python) = python_with("venv, ensurepip, torch") else {
            return Ok(skipped(
                "no python3 has torch; on Debian: apt-get install python3-torch python3-venv",
            ));
        };
        let options = &["--system-site-packages"];
        tested(&python, long, &Environment { name: "torch", options, files: &["test_torch.py"] })
    })
}

/// The tests of what the package loads, and with them the example whose bits it is compared with.
fn shared_library() -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--package", "rolling-ball-rehearsal", "--locked", "--no-fail-fast"]);
    command.args(["--features", "shared-library"]);
    cargo_test(command)
}

/// Where the wheel is tested.
struct Environment {
    name: &'static str,
    /// Of `python -m venv`.
    options: &'static [&'static str],
    /// Files of tests, or none for all.
    files: &'static [&'static str],
}

/// Builds the wheel, installs it into an environment made anew, and runs tests there.
fn tested(python: &Path, released: bool, environment: &Environment) -> Result<Completion> {
    let Environment { name, options, files } = *environment;
    let made = root().join("target/python");
    let (builder, folder) = (made.join("maturin"), made.join(name));
    if !program(&builder, "maturin").is_file()
        && let Err(reason) = environment_with(&[MATURIN], python, &[], &builder)?
    {
        return Ok(skipped(reason));
    }
    if let Err(reason) = environment_with(&PACKAGES, python, options, &folder)? {
        return Ok(skipped(reason));
    }
    let wheel = wheel(&builder, released, &made.join("wheels"))?;
    let python = program(&folder, "python");
    let wheel = wheel.to_str().context("the path of the repository is no UTF-8")?;
    // What it needs is there: it asks nobody.
    watch(pip(&python, &["--no-index", wheel]))?;

    let tests = root().join(PYTHON).join("tests");
    let mut pytest = in_repository(&python);
    pytest.args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--rootdir"]).arg(&tests);
    if files.is_empty() {
        pytest.arg(&tests);
    }
    pytest.args(files.iter().map(|file| tests.join(file)));
    pytest.env("PYTHONDONTWRITEBYTECODE", "1");
    // Networks that are compiled stay: cargo knows what changed.
    pytest.env("ROLLING_BALL_CACHE", made.join("networks"));
    let told = watch(pytest)?;
    ensure!(told.contains(" passed"), "pytest found no test:\n{told}");
    Ok(Completion::Completed)
}

/// Makes an environment anew, with packages from PyPI, or says that they cannot be had.
fn environment_with(
    packages: &[&str],
    python: &Path,
    options: &[&str],
    folder: &Path,
) -> Result<Result<(), String>> {
    let mut venv = in_repository(python);
    venv.args(["-m", "venv", "--clear"]).args(options).arg(folder);
    watch(venv)?;
    let installed = watch(pip(&program(folder, "python"), packages));
    Ok(installed.map(drop).map_err(|error| {
        let said = error.to_string();
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        format!("{} cannot be had from PyPI: {last}", packages.join(" and "))
    }))
}

/// Builds the wheel, as it is released or else quickly.
fn wheel(builder: &Path, released: bool, wheels: &Path) -> Result<PathBuf> {
    if wheels.exists() {
        fs::remove_dir_all(wheels)?;
    }
    let mut build = in_repository(program(builder, "maturin"));
    build.args(["build", "--locked", "--out"]).arg(wheels);
    if released {
        build.arg("--release");
    }
    build.arg("--interpreter").arg(program(builder, "python"));
    build.current_dir(root().join(PYTHON));
    watch(build)?;
    let mut files = fs::read_dir(wheels)?.filter_map(|entry| Some(entry.ok()?.path()));
    let wheel = files.find(|path| path.extension().is_some_and(|extension| extension == "whl"));
    wheel.context("maturin made no wheel")
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

/// A Python that the wheel is for and that has these modules: that of the user, or that of the
/// system, whose packages another one does not see.
fn python_with(modules: &str) -> Option<PathBuf> {
    let program = format!("import {modules}, sys; assert sys.version_info >= (3, 9)");
    let has = |python: &PathBuf| {
        let ran = Command::new(python).args(["-c", &program]).output();
        ran.is_ok_and(|output| output.status.success())
    };
    ["python3", "/usr/bin/python3"].into_iter().map(PathBuf::from).find(has)
}
