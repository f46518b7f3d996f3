//! `rolling-ball new`: writes a firmware project that fine-tunes a model of the user's own.
//! docs/firmware.md is its manual.

mod board;
mod language;
mod project;
mod room;
mod samples;

use crate::c_library::{self, Target};
use crate::dependency::{REPOSITORY, Source};
use anyhow::{Context, Result, ensure};
use board::Board;
use clap::Args;
use language::Language;
use project::Project;
use rolling_ball_import::{Import, Imported, shown};
use room::Room;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Write a firmware project that fine-tunes a model of your own on a board.
///
/// It labels readings, learns from them without blocking, keeps in flash what samples support that
/// were held out in turn, or takes it back, and goes on after a power failure. It builds as it is;
/// for an emulated board `cargo run --release` runs it in QEMU. Its README says where to put your
/// sensor.
#[derive(Args, Clone, Debug)]
pub struct NewArgs {
    /// The folder of the project, which must not be there yet; its last part is the project's name
    #[arg(value_name = "NAME")]
    folder: PathBuf,
    /// The board
    #[arg(long, value_parser = board::parser())]
    board: &'static Board,
    /// The language of the project; in C there is one for the emulated boards
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    language: Language,
    /// The model, which is copied: an ONNX or a TFLite file, or a safetensors file with a
    /// state_dict in F32
    #[arg(long)]
    model: PathBuf,
    /// The layers of a safetensors file, in TOML
    #[arg(long, value_name = "NETWORK.toml")]
    network: Option<PathBuf>,
    /// What of an ONNX or TFLite file is trained, as for `rolling-ball import`
    #[arg(long, value_name = "WHAT", num_args = 1.., conflicts_with_all = ["network", "cut"])]
    train: Vec<String>,
    /// Train all that comes after this layer of an ONNX or TFLite file
    #[arg(long, value_name = "NAME", conflicts_with = "network")]
    cut: Option<String>,
    /// Quantise the frozen layers to eight bits by the inputs of this file, which is copied
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,
    /// Readings that stand in for a sensor: a safetensors file with `inputs` in U8, `scale`,
    /// `offset` and `labels`, as for `rolling-ball import --test`; else some are drawn
    #[arg(long, value_name = "FILE")]
    samples: Option<PathBuf>,
    /// Where the project takes this library from: a version, the URL of a git repository, or the
    /// folder of a clone
    #[arg(long, default_value = REPOSITORY)]
    source: Source,
}

/// How many readings are drawn of each class, where none are given.
const DRAWN_OF_A_CLASS: usize = 20;

/// Runs the command.
pub fn new(args: &NewArgs) -> Result<()> {
    let NewArgs { folder, board, .. } = args;
    let name = name(folder)?;
    let c = args.language.on(board)?;
    ensure!(
        fs::symlink_metadata(folder).is_err(),
        "{} is there already: choose another name, or remove it",
        folder.display()
    );
    // Before the work that an import may be.
    let target = c.map(|_| Target::find(board.target)).transpose()?;
    let imported = import(args).read()?;
    let sizes = imported.sizes();
    ensure!(
        (2..=256).contains(&sizes.outputs),
        "the model has {} outputs: expected a classifier, whose labels are a byte",
        sizes.outputs
    );
    ensure!(sizes.parameters > 0, "nothing of the model is trained: expected another --train");
    let given = args.samples.as_ref().map(|path| imported.samples(path)).transpose()?;
    let there = given.as_ref().map(|samples| samples.labels.len());
    let room = Room::find(board, &sizes, there.unwrap_or(DRAWN_OF_A_CLASS * sizes.outputs))?;
    let count = there.unwrap_or(room.labels).min(room.labels);
    let origin = match &args.samples {
        Some(path) => format!("{count} readings of {}", file_name(path)),
        None => format!("{count} drawn readings, which mean nothing: put your own in their place"),
    };
    let samples = given.unwrap_or_else(|| samples::drawn(&sizes, imported.byte(), room.labels));

    let files = Files::of(args);
    let project = Project {
        name,
        board,
        c,
        source: &args.source,
        room: Room { labels: count, ..room },
        model: &files.model,
        import: if c.is_some() { &files.command } else { &files.lines },
        int8: sizes.feature_bytes == sizes.features,
        byte: (samples.scale, samples.offset),
        samples: &origin,
    };
    let records = samples::packed(&samples, sizes.inputs, count);
    write(folder, &project, &files, &records, || {
        let Some(target) = &target else { return Ok(()) };
        let library = folder.join("library");
        c_library::write(&imported, &args.source, &library, false)?;
        target.build(imported.name(), &library)?;
        println!();
        Ok(())
    })?;
    told(args, name, &imported, &project, there.unwrap_or(count));
    Ok(())
}

/// What is to be imported, as the build script of the project will import it.
fn import(args: &NewArgs) -> Import {
    let mut import = Import::new(&args.model).name("model").train(&args.train);
    if let Some(network) = &args.network {
        import = import.network(network);
    }
    if let Some(cut) = &args.cut {
        import = import.cut(cut);
    }
    if let Some(calibration) = &args.calibration {
        import = import.int8(calibration);
    }
    import
}

/// The name of the package, which is that of the folder.
fn name(folder: &Path) -> Result<&str> {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let letters = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    ensure!(
        name.starts_with(|letter: char| letter.is_ascii_alphabetic()) && name.chars().all(letters),
        "{}: expected a name of letters, digits, `-` and `_` after a letter, as packages of cargo \
         have",
        folder.display()
    );
    Ok(name)
}

/// The user's files, as they are called in the project, and what names them there.
struct Files {
    model: String,
    copied: Vec<(PathBuf, String)>,
    /// Lines of build.rs.
    lines: String,
    /// The command that makes the library of a project in C again.
    command: String,
}

impl Files {
    fn of(args: &NewArgs) -> Self {
        let extension = args.model.extension().and_then(|extension| extension.to_str());
        let model = format!("model.{}", extension.unwrap_or("bin"));
        let command = format!("rolling-ball import {model} --name model");
        let (copied, lines) = (vec![(args.model.clone(), model.clone())], String::new());
        let mut files = Self { model, copied, lines, command };
        if let Some(network) = &args.network {
            files.copied.push((network.clone(), "model.toml".to_owned()));
            files.line("network", "\"model.toml\"");
            files.option("--network", &["model.toml"]);
        }
        if !args.train.is_empty() {
            files.line("train", &format!("{:?}", args.train));
            files.option("--train", &args.train);
        }
        if let Some(cut) = &args.cut {
            files.line("cut", &format!("{cut:?}"));
            files.option("--cut", &[cut]);
        }
        if let Some(calibration) = &args.calibration {
            files.copied.push((calibration.clone(), "calibration.safetensors".to_owned()));
            files.line("int8", "\"calibration.safetensors\"");
            files.option("--int8 --calibration", &["calibration.safetensors"]);
        }
        files.option("--c-library", &[args.board.target]);
        files.option("--source", &[args.source.to_string()]);
        files.command += " --out library --force";
        files
    }

    fn line(&mut self, method: &str, argument: &str) {
        self.lines += &format!("    let import = import.{method}({argument});\n");
    }

    /// Adds a line with an option to the command, for a shell.
    fn option(&mut self, option: &str, values: &[impl AsRef<str>]) {
        self.command += &format!(" \\\n  {option}");
        for value in values {
            self.command += &format!(" '{}'", value.as_ref().replace('\'', r"'\''"));
        }
    }
}

/// Writes the project, and what is written then, whole or not at all.
fn write(
    folder: &Path,
    project: &Project,
    files: &Files,
    records: &[u8],
    then: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let what = || format!("cannot write {}", folder.display());
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).with_context(what)?;
    }
    // This fails where somebody else has made it meanwhile.
    fs::create_dir(folder).with_context(what)?;
    let written = fill(folder, project, files, records).with_context(what).and_then(|()| then());
    if written.is_err() {
        // It is this command's own; the first error is the one to tell.
        let _ = fs::remove_dir_all(folder);
    }
    written
}

fn fill(folder: &Path, project: &Project, files: &Files, records: &[u8]) -> io::Result<()> {
    for (path, text) in project.files() {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)?;
    }
    for (from, to) in &files.copied {
        fs::copy(from, folder.join(to))?;
    }
    fs::write(folder.join("samples.bin"), records)
}

/// Tells what was written, and how to go on.
fn told(args: &NewArgs, name: &str, imported: &Imported, project: &Project, there: usize) {
    let sizes = imported.sizes();
    let Room { labels, labels_in_ram, checkpoint_bytes, ram_bytes } = project.room;
    let Board { what, ram_bytes: ram, emulated, target, .. } = project.board;
    println!("{name}: firmware that learns, for the {what}\n");
    println!("{:>9} parameters are trained", sizes.parameters);
    println!("{:>9} bytes of flash are the model's numbers", sizes.flash_bytes);
    println!("{checkpoint_bytes:>9} bytes of flash are for checkpoints");
    println!("{ram_bytes:>9} of {ram} bytes of RAM are for learning, with the samples");
    let [sessions, run] = match (project.c, emulated) {
        (Some(_), _) => ["src/learner.h", "cmake -B build && cmake --build build --target run"],
        (None, true) => ["src/main.rs", "cargo run --release"],
        (None, false) => ["src/main.rs", "cargo build --release"],
    };
    println!("{labels:>9} labelled samples begin a session: {sessions}");
    for note in imported.notes() {
        println!("\n{}", shown(note));
    }
    if args.samples.is_none() {
        println!(
            "\nThe readings in samples.bin are drawn, so that it runs, and mean nothing: give your \
             own with --samples"
        );
    } else if labels < there {
        println!(
            "\nThere is room for {labels} of the {there} samples, and RAM for {labels_in_ram} that \
             a sensor delivers"
        );
    }
    if !installed(target) {
        println!("\nThe compiler has no {target} yet:\n\n    rustup target add {target}");
    }
    println!("\n    cd {} && {run}", args.folder.display());
}

/// Whether the compiler can build for a target.
fn installed(target: &str) -> bool {
    let asked =
        Command::new("rustc").args(["--print", "target-libdir", "--target", target]).output();
    asked.is_ok_and(|answer| Path::new(String::from_utf8_lossy(&answer.stdout).trim()).is_dir())
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| shown(&name.to_string_lossy()).to_string()).unwrap_or_default()
}
