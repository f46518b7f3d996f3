//! `cargo xtask model`: a model of the user's, fine-tuned on the desktop and on emulated cores.

use crate::device::qemu::{Emulation, MPS2_AN386, MPS3_AN547, Machine};
use crate::device::{self, Build, DeviceRun};
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use oorandom::Rand32;
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
const MACHINES: [(&str, &Machine); 2] = [("m4f", &MPS2_AN386), ("m55", &MPS3_AN547)];
/// How many inputs are drawn where there are no samples.
const DRAWN: usize = 500;
/// Wall-clock limit of an emulated run: an inference of a large network takes a second.
const LIMIT: Duration = Duration::from_secs(1800);

/// Import a model, fine-tune it on the desktop for several draws of labelled samples, and the first
/// draw on an emulated Cortex-M4F and Cortex-M55 too: the same bits in theta after each step, and
/// in all outputs.
///
/// Without a model it is models/digits_cnn.tflite, and its samples are 8x8 digits as a sensor sees
/// them that is turned by 40 degrees. Another model without samples gets drawn ones. Their labels
/// are made of the model's own outputs, each measured by its mean and deviation, and then a sensor
/// sees them with another gain, an offset and noise: something that can be learned, and no more.
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
    /// Of how many the emulated cores keep the features, in RAM; those of all where this is not
    /// said. The backbone is evaluated twice a step for each of the others
    #[arg(long, value_name = "SAMPLES")]
    kept: Option<usize>,
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
    /// The emulated cores
    #[arg(long, num_args = 1.., default_values_t = MACHINES.map(|(core, _)| core.to_owned()))]
    #[arg(value_parser = MACHINES.map(|(core, _)| core), value_name = "CORE")]
    cores: Vec<String>,
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
        setup::rust_targets(&MACHINES.map(|(_, machine)| machine.target))?;
        setup::debian_package("qemu-system-arm", "qemu-system-arm", args.install)?;
    }
    let default = root().join("models/digits_cnn.tflite");
    let model = args.model.as_ref().unwrap_or(&default);
    let model = fs::canonicalize(model).with_context(|| model.display().to_string())?;
    let spinner = progress::spinner("importing the model, and comparing it with its own graph");
    let imported = Import::new(&model).train(&args.train).read()?;
    spinner.finish_and_clear();
    say(&imported);

    let device_image = device::images(NAME)?.join("device.image");
    let variables = [
        ("OWN_MODEL", model.display().to_string()),
        ("OWN_MODEL_TRAIN", args.train.join(" ")),
        ("OWN_MODEL_KEPT", args.kept.unwrap_or(args.labelled).to_string()),
        ("OWN_MODEL_IMAGE", device_image.display().to_string()),
    ];
    let spinner = progress::spinner("building it for the desktop");
    let program = desktop(&variables)?;
    spinner.finish_and_clear();
    let data = data(args, &imported, &program)?;
    ensure!(
        args.labelled > 0 && args.labelled < data.labels.len(),
        "--labelled {}: there are {} samples, and some must be left to test on",
        args.labelled,
        data.labels.len()
    );
    let (labelled, others) = data.draw(args.labelled, 1);
    ensure!(
        args.tested_on_device <= others.labels.len(),
        "--tested-on-device {}: only {} samples are not labelled",
        args.tested_on_device,
        others.labels.len()
    );
    let tested = others.select(&Vec::from_iter(0..args.tested_on_device));
    write(&device_image, args, &(labelled, tested))?;

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
        let expected = rehearse(&program, &device_image)?;
        for (_, machine) in MACHINES.iter().filter(|(core, _)| args.cores.iter().any(|c| c == core))
        {
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

/// The digits network as PyTorch and as TensorFlow export it, for a few steps on a Cortex-M4F.
pub fn check() -> Result<()> {
    for file in ["digits_cnn.onnx", "digits_cnn.tflite"] {
        model(&ModelArgs {
            // Named by default, since drawn samples would be for any other file.
            model: (file != "digits_cnn.tflite").then(|| root().join("models").join(file)),
            samples: None,
            train: vec!["last:1".to_owned()],
            labelled: 20,
            kept: Some(15),
            draws: 1,
            steps: 5,
            learning_rate: 1.0,
            radius: 0.03,
            tested_on_device: 10,
            cores: vec!["m4f".to_owned()],
            host_only: false,
            install: false,
            json: false,
        })?;
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

fn data(args: &ModelArgs, imported: &Imported, program: &Path) -> Result<Dataset> {
    let data = match (&args.samples, &args.model) {
        (None, None) => digits::sensed(&digits::SENSOR, 1)?,
        (None, Some(_)) => drawn(args, imported, program)?,
        (Some(path), _) => {
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

/// Inputs of random patterns, labelled by the model's outputs, as another sensor sees them.
fn drawn(args: &ModelArgs, imported: &Imported, program: &Path) -> Result<Dataset> {
    let width = imported.sizes().inputs;
    let (scale, offset) = imported.byte();
    let mut random = Rand32::new(1);
    let mut around = |middle: f32, most: f32| middle + most * (2.0 * random.rand_float() - 1.0);
    let mut clean = Dataset { inputs: Vec::new(), labels: vec![0; DRAWN], width, scale, offset };
    for _ in 0..DRAWN {
        // A level, waves over the values, and noise: alone, noise looks the same to most networks.
        let (level, height) = (around(128.0, 90.0), around(60.0, 60.0));
        let (pace, phase) = (around(0.35, 0.34), around(0.0, 3.0));
        clean.inputs.extend((0..width).map(|place| {
            let wave = (pace * place as f32 + phase).sin();
            around(level + height * wave, 25.0) as u8
        }));
    }
    let path = device::images(NAME)?.join("outputs.image");
    write(&path, args, &(clean.select(&[]), clean.clone()))?;
    let mut command = std::process::Command::new(program);
    let said = capture(command.arg("--outputs").arg(path), "asking the model for labels")?;
    let numbers = |line: &str| line.split(' ').map(str::parse).collect::<Result<Vec<f32>, _>>();
    let outputs = said.lines().map(numbers).collect::<Result<Vec<_>, _>>()?;
    clean.labels = labels(&outputs);
    let mut counts = vec![0; imported.sizes().outputs];
    clean.labels.iter().for_each(|label| counts[usize::from(*label)] += 1);
    println!("{DRAWN} drawn inputs of the classes {counts:?}");
    let other = |byte: &u8| around(30.0 + 0.7 * f32::from(*byte), 12.0) as u8;
    clean.inputs = clean.inputs.iter().map(other).collect();
    Ok(clean)
}

/// Of each input the output that lies highest above the mean of its kind, in deviations: so every
/// class occurs, which it need not where the largest output counts.
fn labels(outputs: &[Vec<f32>]) -> Vec<u8> {
    let classes = outputs.first().map_or(0, Vec::len);
    let count = outputs.len() as f32;
    let spread: Vec<(f32, f32)> = (0..classes)
        .map(|class| {
            let of_class = || outputs.iter().map(move |output| output[class]);
            let mean = of_class().sum::<f32>() / count;
            let variance = of_class().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
            (mean, variance.sqrt().max(f32::MIN_POSITIVE))
        })
        .collect();
    let label = |output: &Vec<f32>| {
        let heights = output.iter().zip(&spread).map(|(value, (mean, by))| (value - mean) / by);
        let highest = (0..).zip(heights).max_by(|(_, one), (_, other)| one.total_cmp(other));
        highest.map_or(0, |(class, _)| class)
    };
    outputs.iter().map(label).collect()
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
        "They have the desktop's theta after each of {} steps, and its outputs for {} samples \
         before and after, in every bit. The flash holds the samples too.",
        args.steps, args.tested_on_device
    );
}
