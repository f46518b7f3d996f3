//! `cargo xtask model`: a model of the user's, fine-tuned on the desktop and on emulated cores.

use crate::device::qemu::{Emulation, MPS2_AN386, MPS3_AN547, Machine};
use crate::device::{self, Build, DeviceRun};
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use rolling_ball_import::{Import, Imported, shown};
use rolling_ball_rehearsal::desktop::{History, events, first_difference};
use rolling_ball_rehearsal::{Event, Image, OptimizerKind, Settings};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use workbench::data::{Dataset, digits};
use workbench::table::grouped;
use workbench::workspace::{capture, cargo, root};
use workbench::{progress, setup};

/// Its program, for either side, and its folder below `target`.
const NAME: &str = "own_model";
/// The cores that it is run on.
const MACHINES: [&Machine; 2] = [&MPS2_AN386, &MPS3_AN547];
/// Wall-clock limit of an emulated run: an inference of a large network takes a second.
const LIMIT: Duration = Duration::from_secs(1800);

/// Import a model, fine-tune it on the desktop for several draws of labelled samples, and the first
/// draw on an emulated Cortex-M4F and Cortex-M55 too: the same bits in theta after each step, and
/// in all outputs.
///
/// Without a model it is models/digits_cnn.tflite, and without samples they are 8x8 digits as a
/// sensor sees them that is turned by 40 degrees.
#[derive(Args, Clone, Debug)]
pub struct ModelArgs {
    /// An ONNX or a TFLite file
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// A safetensors file with `inputs` in U8, `scale`, `offset` and `labels`
    #[arg(long, value_name = "FILE")]
    samples: Option<PathBuf>,
    /// What is trained, as `rolling-ball import --train` takes it
    #[arg(long, num_args = 1.., default_value = "last:1", value_name = "WHAT")]
    train: Vec<String>,
    /// How many samples are labelled; all others are tested on
    #[arg(long, default_value_t = 100)]
    labelled: usize,
    /// How often they are drawn
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    draws: u64,
    /// Steps
    #[arg(long, default_value_t = 100)]
    steps: u32,
    /// Learning rate at the start; it shrinks to nothing on half a cosine
    #[arg(long, default_value_t = 1.0)]
    learning_rate: f32,
    /// Radius of the ball at the start, which shrinks as well
    #[arg(long, default_value_t = 0.03)]
    radius: f32,
    /// How many of the others the emulated cores are tested on
    #[arg(long, default_value_t = 20)]
    tested_on_device: usize,
    /// Only the desktop: needs neither QEMU nor the Rust targets
    #[arg(long)]
    host_only: bool,
    /// Install QEMU with the system's package manager where it is missing, through sudo if need be
    #[arg(long)]
    install: bool,
    /// Print one JSON object as the last line of stdout
    #[arg(long)]
    json: bool,
}

/// What came of it.
#[derive(Serialize)]
struct Summary {
    /// Fractions, the means of the draws.
    accuracy_before: f64,
    accuracy_after: f64,
    draws: u64,
    labelled: usize,
    parameters: usize,
    cores: Vec<Core>,
}

/// What a core took for the first draw, with the desktop's bits.
#[derive(Serialize)]
struct Core {
    core: &'static str,
    flash_bytes: u64,
    ram_bytes: u64,
    instructions_for_features: u64,
    instructions_per_step: u64,
}

/// Runs the command.
pub fn model(args: &ModelArgs) -> Result<()> {
    if !args.host_only {
        setup::rust_targets(&MACHINES.map(|machine| machine.target))?;
        setup::debian_package("qemu-system-arm", "qemu-system-arm", args.install)?;
    }
    let default = root().join("models/digits_cnn.tflite");
    let model = args.model.as_ref().unwrap_or(&default);
    let model = fs::canonicalize(model).with_context(|| model.display().to_string())?;
    let spinner = progress::spinner("importing the model, and comparing it with its own graph");
    let imported = Import::new(&model).train(&args.train).read()?;
    spinner.finish_and_clear();
    say(&imported);

    let data = data(args, &imported)?;
    ensure!(
        args.labelled > 0 && args.labelled < data.labels.len(),
        "--labelled {}: there are {} samples, and some must be left to test on",
        args.labelled,
        data.labels.len()
    );
    let variables = [
        ("OWN_MODEL", model.display().to_string()),
        ("OWN_MODEL_TRAIN", args.train.join(" ")),
        ("OWN_MODEL_KEPT", args.labelled.to_string()),
        ("OWN_MODEL_IMAGE", device::images(NAME)?.join("device.image").display().to_string()),
    ];
    let mut on_device = data.draw(args.labelled, 1);
    on_device.1 = on_device.1.select(&Vec::from_iter(0..args.tested_on_device));
    write(&variables[3].1, args, &on_device)?;
    let spinner = progress::spinner("building it for the desktop");
    let program = desktop(&variables)?;
    spinner.finish_and_clear();

    let bar = progress::bar("fine-tuning on the desktop", "draws");
    bar.set_length(args.draws);
    let (mut before, mut after) = (0.0, 0.0);
    for draw in 1..=args.draws {
        let image = device::images(NAME)?.join("draw.image");
        write(&image, args, &data.draw(args.labelled, draw))?;
        let told = rehearse(&program, &image)?;
        let history = History::new(&told)?;
        before += history.before.fraction() / args.draws as f64;
        after += history.after.fraction() / args.draws as f64;
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!(
        "desktop, mean of {} draws of {} labelled samples: {:.1} % before, {:.1} % after",
        args.draws,
        args.labelled,
        100.0 * before,
        100.0 * after
    );

    let mut cores = Vec::new();
    if !args.host_only {
        let expected = rehearse(&program, Path::new(&variables[3].1))?;
        for machine in MACHINES {
            cores.push(emulate(machine, &variables, &History::new(&expected)?)?);
        }
        print(args, &cores);
    }
    if args.json {
        let summary = Summary {
            accuracy_before: before,
            accuracy_after: after,
            draws: args.draws,
            labelled: args.labelled,
            parameters: imported.sizes().parameters,
            cores,
        };
        println!("{}", serde_json::to_string(&summary)?);
    }
    Ok(())
}

fn say(imported: &Imported) {
    let sizes = imported.sizes();
    println!(
        "{}: {} inputs, {} outputs; {} parameters are trained",
        shown(imported.name()),
        sizes.inputs,
        sizes.outputs,
        sizes.parameters
    );
    for note in imported.notes() {
        println!("  {}", shown(note));
    }
}

fn data(args: &ModelArgs, imported: &Imported) -> Result<Dataset> {
    let data = match &args.samples {
        None => digits::sensed(&digits::SENSOR, 1)?,
        Some(path) => {
            let samples = imported.samples(path)?;
            Dataset {
                inputs: samples.inputs,
                labels: samples.labels,
                width: imported.sizes().inputs,
                scale: samples.scale,
                offset: samples.offset,
            }
        }
    };
    ensure!(
        data.width == imported.sizes().inputs,
        "a sample has {} values, and the model {} inputs: name its samples with --samples",
        data.width,
        imported.sizes().inputs
    );
    Ok(data)
}

/// Writes an image of labelled samples, and others to test on. The parameters to start from are the
/// model's.
fn write(
    path: impl AsRef<Path>,
    args: &ModelArgs,
    (labelled, held_out): &(Dataset, Dataset),
) -> Result<()> {
    let path = path.as_ref();
    let settings = Settings {
        optimizer: OptimizerKind::Ball,
        steps: args.steps,
        batch: 0,
        radius: args.radius,
        learning_rate: args.learning_rate,
    };
    let (labelled, held_out) = (labelled.samples(), held_out.samples());
    let mut bytes = Vec::new();
    Image { settings, weights: &[], labelled, held_out }
        .write(|piece| bytes.extend_from_slice(piece))?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Builds the program for the desktop.
fn desktop(variables: &[(&str, String)]) -> Result<PathBuf> {
    let boards = root().join("boards");
    let mut command = cargo();
    command.current_dir(&boards);
    command.args(["build", "--release", "--locked", "--package", NAME]);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    capture(&mut command, "building the model for the desktop")?;
    Ok(boards.join("target/release").join(NAME))
}

fn rehearse(program: &Path, image: &Path) -> Result<Vec<Event>> {
    let mut command = std::process::Command::new(program);
    Ok(events(&capture(command.arg(image), "fine-tuning the model on the desktop")?)?)
}

/// Runs it on a core, and compares every bit that both sides tell.
fn emulate(
    machine: &'static Machine,
    variables: &[(&str, String)],
    expected: &History,
) -> Result<Core> {
    let core = machine.core;
    let spinner = progress::spinner(&format!("building it for the {core}"));
    let build = Build { package: NAME, variables, ..Build::firmware(NAME, machine, NAME) };
    let firmware = build.run()?;
    spinner.finish_and_clear();
    let spinner = progress::spinner(&format!("the emulated {core} computes features"));
    let run = device::run(&Emulation::new(machine, &firmware, LIMIT), |event| {
        spinner.set_message(match event {
            Event::Step(step) => format!("the emulated {core} has made step {}", step.step + 1),
            event => format!("the emulated {core}: {event}"),
        });
    })?;
    spinner.finish_and_clear();
    let told = History::new(&run.events)?;
    if let Some(step) = first_difference(expected, &told) {
        bail!("theta on the {core} differs from the desktop's after step {step}");
    }
    ensure!(
        (told.before, told.after) == (expected.before, expected.after),
        "the outputs of the {core} are not the desktop's: {} and {}, there {} and {}",
        told.before,
        told.after,
        expected.before,
        expected.after
    );
    row(core, &run, &told)
}

fn row(core: &'static str, run: &DeviceRun, told: &History) -> Result<Core> {
    Ok(Core {
        core,
        flash_bytes: run.sizes.flash_bytes,
        ram_bytes: run.ram_bytes().context("the firmware did not tell its RAM")?,
        instructions_for_features: run.instructions_for_features(),
        instructions_per_step: told.per(|step| step.instructions, told.steps.len() as u32),
    })
}

fn print(args: &ModelArgs, cores: &[Core]) {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header([
        "core",
        "instructions for the features",
        "instructions a step",
        "RAM with features and stack, KB",
        "flash, KB",
    ]);
    let kilobytes = |bytes: u64| format!("{:.1}", bytes as f64 / 1024.0);
    for core in cores {
        table.add_row([
            core.core.to_owned(),
            grouped(core.instructions_for_features),
            grouped(core.instructions_per_step),
            kilobytes(core.ram_bytes),
            kilobytes(core.flash_bytes),
        ]);
    }
    println!("{table}");
    println!(
        "Both have the desktop's theta after each of {} steps, and its outputs for {} samples \
         before and after, in every bit. The flash holds the samples too.",
        args.steps, args.tested_on_device
    );
}
