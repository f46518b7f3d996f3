//! Projects of `rolling-ball new`, outside of this repository: they build for every board, and the
//! emulated ones outlive being killed in the middle of a save. Those in C have the bits of those in
//! Rust.

use super::TestArgs;
use super::part::{Part, QEMU};
use super::watch::watch;
use crate::boards::BOARDS;
use crate::c::{firmware, imported};
use crate::command::rolling_ball;
use crate::device::log;
use crate::device::qemu::{Emulation, MPS2_AN386, MPS3_AN547, Machine};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tempfile::TempDir;
use workbench::workspace::{capture, cargo, root};

/// The boards that QEMU models, and what is trained there.
const EMULATED: [(&str, Machine, &str); 2] =
    [("qemu-m4f", MPS2_AN386, "digits_cnn.tflite"), ("qemu-m55", MPS3_AN547, "digits_cnn.onnx")];

const LIMIT: Duration = Duration::from_secs(120);

pub fn part(args: &TestArgs) -> Part {
    let targets = EMULATED.map(|(_, machine, _)| machine.target);
    let mut part = Part::new("new", args).builds_for(&targets);
    for board in BOARDS {
        let name = board.name.replace('-', "_");
        part =
            part.test(format!("a_new_project_for_the_{name}_is_formatted_and_builds"), move || {
                let model = root().join("models/operators/dense_int8.tflite");
                Project::new(board.name, board.target, &[Path::new("--model"), &model])?.check()
            });
    }
    part = part.needs(&[QEMU]);
    let in_rust = EMULATED.map(|_| Arc::new(OnceLock::new()));
    for ((board, machine, model), run) in EMULATED.into_iter().zip(&in_rust) {
        let run = Arc::clone(run);
        part = part.test(
            format!("a_new_project_for_an_emulated_{}_is_formatted_and_resumes", core(&machine)),
            move || {
                let project = Project::of_digits(board, machine.target, model)?;
                project.check()?;
                let found = resumes(&machine, &project.elf(), &project.folder)?;
                // For the test of the same project in C; nobody else sets it.
                let _ = run.set(found);
                Ok(())
            },
        );
    }
    part = part.test("a_new_project_has_no_warning_and_logs_by_defmt", logs);
    part = part.needs(&[QEMU, firmware::COMPILER, ("cmake", "cmake")]);
    for ((board, machine, model), run) in EMULATED.into_iter().zip(in_rust) {
        part = part.test(
            format!(
                "a_new_project_in_c_for_an_emulated_{}_has_the_bits_of_rust_and_resumes",
                core(&machine)
            ),
            move || in_c(board, machine, model, run.get()),
        );
    }
    part
}

/// The core, as the names of tests have it.
fn core(machine: &Machine) -> String {
    machine.core.to_lowercase().replace('-', "_")
}

/// A project in a folder of its own.
struct Project {
    folder: PathBuf,
    name: &'static str,
    target: &'static str,
    /// It is removed with the project.
    _outside: TempDir,
}

impl Project {
    /// Makes one with these arguments, which is called as the board is.
    fn new(board: &'static str, target: &'static str, arguments: &[&Path]) -> Result<Self> {
        let outside = tempfile::tempdir()?;
        let folder = outside.path().join(board);
        let mut new = rolling_ball()?;
        new.arg("new").arg(&folder).args(["--board", board, "--source=."]).args(arguments);
        // What a project in C has in common with the libraries of the other tests is built once.
        new.env("CARGO_TARGET_DIR", imported::build_folder());
        watch(new)?;
        if folder.join("Cargo.toml").exists() {
            fs::write(folder.join("Cargo.lock"), lock(board)?)?;
        }
        Ok(Self { folder, name: board, target, _outside: outside })
    }

    /// A new project for an emulated board, with the digits of this repository.
    fn of_digits(board: &'static str, target: &'static str, model: &str) -> Result<Self> {
        Self::of_digits_in("rust", board, target, model)
    }

    /// The same in a language.
    fn of_digits_in(
        language: &str,
        board: &'static str,
        target: &'static str,
        model: &str,
    ) -> Result<Self> {
        let models = root().join("models");
        let (model, samples) = (models.join(model), models.join("digits_test.safetensors"));
        let [option, another, third] = ["--model", "--samples", "--language"].map(Path::new);
        let language = Path::new(language);
        Self::new(board, target, &[option, &model, another, &samples, third, language])
    }

    fn check(&self) -> Result<()> {
        watch(self.cargo(&["fmt", "--check"]))?;
        watch(self.cargo(&["build", "--release"]))?;
        Ok(())
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo();
        command.args(arguments).current_dir(&self.folder);
        // What it has in common with the boards of this repository is built once.
        command.env("CARGO_TARGET_DIR", boards_target());
        command
    }

    fn elf(&self) -> PathBuf {
        boards_target().join(self.target).join("release").join(self.name)
    }
}

fn boards_target() -> PathBuf {
    root().join("boards/target")
}

/// The packages that this repository locks, so that what is built for it is not built anew.
fn lock(board: &str) -> Result<String> {
    let own = PathBuf::from("boards").join(board).join("Cargo.lock");
    let mut packages = BTreeMap::new();
    for file in [own, PathBuf::from("boards/Cargo.lock"), PathBuf::from("Cargo.lock")] {
        let Ok(text) = fs::read_to_string(root().join(file)) else { continue };
        let lock: toml::Table = toml::from_str(&text)?;
        for package in lock["package"].as_array().into_iter().flatten() {
            // Those of this repository have no source; cargo finds them by itself.
            if let Some(source) = package.get("source") {
                let key = [&package["name"], &package["version"], source].map(ToString::to_string);
                packages.entry(key).or_insert_with(|| package.clone());
            }
        }
    }
    let mut lock = toml::Table::new();
    lock.insert("version".to_owned(), 4.into());
    lock.insert("package".to_owned(), Vec::from_iter(packages.into_values()).into());
    Ok(toml::to_string(&lock)?)
}

/// The bytes of a checkpoint of 650 parameters, a vector of the ball, and what is known of 597
/// samples, in blocks.
const SLOT: u64 = 24 << 10;

/// How often an emulator is killed at most, until it is in the middle of a save.
const ATTEMPTS: u32 = 50;

/// What a project says, and what it leaves in its flash.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    lines: Vec<String>,
    flash: Vec<u8>,
}

/// Runs a project as a whole, and then kills the emulator while the second checkpoint is saved.
fn resumes(machine: &Machine, elf: &Path, folder: &Path) -> Result<Run> {
    let flash = folder.join("flash.bin");
    let emulation = Emulation::new(machine, elf, LIMIT);
    let run = || lines(&emulation);
    let whole = run()?;
    let left = fs::read(&flash)?;
    ensure!(whole[0] == "nothing is saved yet", "{whole:#?}");
    ensure!(right(&whole, "after: ")? > right(&whole, "before: ")?, "{whole:#?}");
    ensure!(whole.last().is_some_and(|line| line.starts_with("kept ")), "{whole:#?}");

    for _ in 0..ATTEMPTS {
        fs::remove_file(&flash)?;
        emulation.killed_when(|| fs::metadata(&flash).is_ok_and(|file| file.len() > SLOT))?;
        // The header is written last, where the slot begins.
        let saved = fs::read(&flash)?;
        let header = saved.get(SLOT as usize..).context("it was killed too early")?;
        if header.iter().take(64).all(|byte| *byte == 0xff) {
            let resumed = run()?;
            ensure!(resumed[0] == "a session was interrupted", "{resumed:#?}");
            ensure!(resumed[1] == "resumed after 10 steps", "{resumed:#?}");
            // The bits of the run that was not killed, from there on.
            let [at_20, resumed_at_20] = [&whole, &resumed].map(|lines| steps_from_20(lines));
            ensure!(at_20 == resumed_at_20, "expected {whole:#?}, found {resumed:#?}");
            return Ok(Run { lines: whole, flash: left });
        }
    }
    anyhow::bail!("in {ATTEMPTS} attempts no save was hit")
}

fn lines(emulation: &Emulation) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    emulation.lines(|line| lines.push(line.to_owned()))?;
    Ok(lines)
}

fn steps_from_20(lines: &[String]) -> Vec<&String> {
    lines.iter().skip_while(|line| !line.starts_with("step 20 ")).collect()
}

/// How many samples were right, as the line says that begins so.
fn right(lines: &[String], begins: &str) -> Result<u32> {
    let line = lines.iter().find_map(|line| line.strip_prefix(begins));
    let number = line.and_then(|line| line.split(' ').next());
    number.with_context(|| format!("no {begins:?} in {lines:#?}"))?.parse().context("no number")
}

/// Builds a project in C without a warning, and compares it with the same in Rust, which another
/// test may have run.
fn in_c(board: &'static str, machine: Machine, model: &str, in_rust: Option<&Run>) -> Result<()> {
    let project = Project::of_digits_in("c", board, machine.target, model)?;
    let cmake = |arguments: &[&str], what| {
        let mut command = Command::new("cmake");
        command.args(arguments).current_dir(&project.folder);
        command.env("CFLAGS", "-Werror").env("LDFLAGS", "-Wl,--fatal-warnings");
        capture(&mut command, what)
    };
    cmake(&["-B", "build"], "configuring a project in C")?;
    cmake(&["--build", "build"], "building a project in C")?;
    let elf = project.folder.join("build").join(project.name).with_extension("elf");
    let found = resumes(&machine, &elf, &project.folder)?;
    let run = |build| -> Result<()> {
        let said = cmake(&["--build", build, "--target", "run"], "running a project in C")?;
        ensure!(said.contains("goes on with what was kept"), "{said}");
        Ok(())
    };
    run("build")?;
    // Options of a user's take nothing away: not the core, and not what memory.c is for.
    let whole = "-DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON";
    cmake(&["-B", "whole", whole, "-DCMAKE_C_FLAGS=-Werror"], "configuring it with options")?;
    run("whole")?;

    let made;
    let expected = match in_rust {
        Some(run) => run,
        None => {
            let project = Project::of_digits(board, machine.target, model)?;
            watch(project.cargo(&["build", "--release"]))?;
            let lines = lines(&Emulation::new(&machine, &project.elf(), LIMIT))?;
            made = Run { lines, flash: fs::read(project.folder.join("flash.bin"))? };
            &made
        }
    };
    let (said, as_in_rust) = (&found.lines, &expected.lines);
    ensure!(said == as_in_rust, "it says {said:#?}, expected as in Rust {as_in_rust:#?}");
    ensure!(found.flash == expected.flash, "its flash is not that of the project in Rust");
    Ok(())
}

fn logs() -> Result<()> {
    let (board, machine, model) = EMULATED[0];
    let project = Project::of_digits(board, machine.target, model)?;
    for features in [&[][..], &["--features", "defmt"]] {
        let lint = [&["clippy", "--release"], features, &["--", "-D", "warnings"]].concat();
        watch(project.cargo(&lint))?;
    }
    watch(project.cargo(&["build", "--release", "--features", "defmt"]))?;
    let elf = project.elf();
    let bytes = Emulation::new(&machine, &elf, LIMIT).bytes()?;
    let lines = log::decode(&elf, &bytes)?;
    ensure!(lines.last().is_some_and(|line| line.starts_with("INFO kept ")), "{lines:#?}");
    Ok(())
}
