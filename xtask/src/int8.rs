//! `cargo xtask int8`: what an eight-bit backbone costs in accuracy, and what it saves, on spoken
//! digits.

use anyhow::{Result, ensure};
use clap::Args;
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use indicatif::ProgressBar;
use rayon::prelude::*;
use rolling_ball::nn::int8::{self, Int8Backbone};
use rolling_ball::nn::{
    Backbone, Conv1d, Dense, FloatBackbone, Kernel, Layer, MaxPool1d, Network, Padding, Samples,
    Signal, SoftmaxCrossEntropy, Stride, Window, over,
};
use rolling_ball::{RollingBallConfig, step};
use rolling_ball_import::quantise_backbone;
use std::path::{Path, PathBuf};
use workbench::data::Dataset;
use workbench::data::speakers::{Recordings, SPEAKERS};
use workbench::optimizers::optimizer;
use workbench::pretrain::SPEAKERS_RECIPE;
use workbench::pretrain::pretrain;
use workbench::progress;

type First = Conv1d<Signal<16, 20>, Window<Kernel<3>, Stride<1>, Padding<1>>, 24>;
type Pooled = MaxPool1d<First, Window<Kernel<2>, Stride<2>>>;
type Second = Conv1d<Pooled, Window<Kernel<3>, Stride<1>, Padding<1>>, 32>;
type Front = (
    First,
    over::Relu<First>,
    Pooled,
    Second,
    over::Relu<Second>,
    MaxPool1d<Second, Window<Kernel<2>, Stride<2>>>,
);
type Tail = Dense<128, 10>;

type First8 = int8::Conv1d<Signal<16, 20>, Window<Kernel<3>, Stride<1>, Padding<1>>, 24>;
type Pooled8 = int8::MaxPool1d<First8, Window<Kernel<2>, Stride<2>>>;
type Second8 = int8::Conv1d<Pooled8, Window<Kernel<3>, Stride<1>, Padding<1>>, 32>;
type Front8 = (First8, Pooled8, Second8, int8::MaxPool1d<Second8, Window<Kernel<2>, Stride<2>>>);

/// The front part, for the quantiser.
const FRONT: &str = r#"
    name = "speakers"
    input = [20, 16]
    backbone = [
      { type = "conv1d", tensors = "first", filters = 24, kernel = 3, padding = 1 },
      { type = "relu" },
      { type = "max_pool", kernel = 2 },
      { type = "conv1d", tensors = "second", filters = 32, kernel = 3, padding = 1 },
      { type = "relu" },
      { type = "max_pool", kernel = 2 },
    ]
    layers = [{ type = "flatten" }, { type = "dense", tensors = "tail", outputs = 10 }]
"#;

const STEPS: u32 = 100;
/// Utterances of the five known speakers to calibrate with.
const CALIBRATION: usize = 200;

/// An int8 backbone beside its f32 form: pre-train on five speakers, freeze the convolutions,
/// fine-tune the last layer on the sixth, for each of the six.
#[derive(Args, Clone, Debug)]
pub struct Int8Args {
    /// The directory with fsdd_logmel16x20_u8.{x,y,speaker}.u8.bin
    #[arg(long, value_name = "DIR")]
    fsdd: PathBuf,
    /// Labelled clips of the new speaker, 1 to 400
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=400))]
    clips: u16,
}

/// Accuracies before and after the fine-tuning, as fractions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Accuracies {
    /// Before.
    pub before: f64,
    /// After.
    pub after: f64,
}

/// One form of the network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    /// The accuracies for each speaker.
    pub speakers: Vec<Accuracies>,
    /// To train: theta, the ball's two vectors, scratch.
    pub ram_bytes: usize,
    /// The part of that which is the scratch slice.
    pub scratch_bytes: usize,
    /// Backbone, and theta to start from.
    pub flash_bytes: usize,
}

impl Form {
    /// Over the speakers.
    pub fn mean(&self) -> Accuracies {
        let count = self.speakers.len() as f64;
        let mean =
            |pick: fn(&Accuracies) -> f64| self.speakers.iter().map(pick).sum::<f64>() / count;
        Accuracies { before: mean(|speaker| speaker.before), after: mean(|speaker| speaker.after) }
    }
}

/// Runs the command.
pub fn int8(args: &Int8Args) -> Result<()> {
    let [float, int8] = compare(&args.fsdd, args.clips)?;
    println!("{}", table(&float, &int8));
    Ok(())
}

/// The `f32` form and the int8 form.
pub fn compare(directory: &Path, clips: u16) -> Result<[Form; 2]> {
    let recordings = Recordings::read(directory)?;
    let spinner = progress::spinner("pre-training on five speakers, for each of the six");
    let speakers: Vec<[Accuracies; 2]> = (0..SPEAKERS)
        .into_par_iter()
        .map(|speaker| {
            let (others, own) = recordings.leave_out(speaker);
            let bar = ProgressBar::hidden();
            let theta = pretrain::<(Front, Tail)>(&others, &SPEAKERS_RECIPE, &bar)?;
            let (front, tail) = theta.split_at(Front::PARAMETERS);
            let float = FloatBackbone::<Front>::new(front)?;
            let bytes = quantised(front, &others)?;
            let int8 = Int8Backbone::<Front8>::new(&bytes)?;
            let clips = usize::from(clips);
            Ok([fine_tune(float, tail, &own, clips)?, fine_tune(int8, tail, &own, clips)?])
        })
        .collect::<Result<_>>()?;
    spinner.finish_and_clear();
    let tail = size_of::<f32>() * Tail::PARAMETERS;
    type Float = Network<'static, Tail, FloatBackbone<'static, Front>>;
    type Int8 = Network<'static, Tail, Int8Backbone<'static, Front8>>;
    Ok([
        Form {
            speakers: speakers.iter().map(|[float, _]| *float).collect(),
            ram_bytes: Float::RAM_BYTES,
            scratch_bytes: size_of::<f32>() * Float::SCRATCH,
            flash_bytes: size_of::<f32>() * Front::PARAMETERS + tail,
        },
        Form {
            speakers: speakers.iter().map(|[_, int8]| *int8).collect(),
            ram_bytes: Int8::RAM_BYTES,
            scratch_bytes: size_of::<f32>() * Int8::SCRATCH,
            flash_bytes: Int8Backbone::<Front8>::BYTES + tail,
        },
    ])
}

/// What the report promises: as accurate within a point, and smaller.
pub fn check(directory: &Path) -> Result<()> {
    let [float, int8] = compare(directory, 20)?;
    let (exact, rounded) = (float.mean().after, int8.mean().after);
    ensure!(rounded >= exact - 0.01, "mean accuracy: {exact} in f32, {rounded} in int8");
    ensure!(
        int8.ram_bytes < float.ram_bytes && int8.flash_bytes < float.flash_bytes,
        "the int8 form is no smaller: {int8:?}, {float:?}"
    );
    // A network that has learned nothing would lose nothing.
    ensure!(exact >= 0.85, "mean accuracy in f32: {exact}");
    Ok(())
}

fn quantised(front: &[f32], others: &Dataset) -> Result<Vec<u8>> {
    let every = (others.labels.len() / CALIBRATION).max(1);
    let indices: Vec<usize> = (0..others.labels.len()).step_by(every).collect();
    let chosen = others.select(&indices);
    let values: Vec<f32> =
        chosen.inputs.iter().map(|byte| f32::from(*byte) * chosen.scale + chosen.offset).collect();
    Ok(quantise_backbone(FRONT, front, values.chunks_exact(chosen.width))?)
}

fn fine_tune(
    backbone: impl Backbone,
    tail: &[f32],
    own: &Dataset,
    clips: usize,
) -> Result<Accuracies> {
    let (labelled, held_out) = own.draw(clips, 1);
    let network = Network::<Tail, _>::with_backbone(backbone, &[])?;
    let mut scratch = vec![0.0; scratch_of(&network)];
    let mut theta = tail.to_vec();
    let accuracy = |theta: &[f32], scratch: &mut [f32]| -> Result<f64> {
        let accuracy =
            rolling_ball_rehearsal::accuracy(&network, theta, held_out.samples(), scratch)?;
        Ok(f64::from(accuracy.correct) / f64::from(accuracy.samples))
    };
    let before = accuracy(&theta, &mut scratch)?;
    let samples = labelled.samples();
    let mut kept = vec![Default::default(); samples.len() * Tail::INPUTS];
    let features = network.keep(samples, &mut kept, &mut scratch)?;
    let mut ball = optimizer(Tail::PARAMETERS, RollingBallConfig::fine_tuning(STEPS))?;
    let loss = SoftmaxCrossEntropy::new();
    let mut objective = network.batch(loss, features.all(), &mut scratch)?;
    for _ in 0..STEPS {
        step(&mut ball, &mut objective, &mut theta)?;
    }
    Ok(Accuracies { before, after: accuracy(&theta, &mut scratch)? })
}

fn scratch_of<F: Backbone>(_: &Network<'_, Tail, F>) -> usize {
    Network::<Tail, F>::SCRATCH
}

fn table(float: &Form, int8: &Form) -> Table {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header(["", "f32", "int8 backbone"]);
    let per_cent = |accuracies: Accuracies| {
        format!("{:.1} %, {:.1} %", 100.0 * accuracies.before, 100.0 * accuracies.after)
    };
    for (speaker, (float, int8)) in float.speakers.iter().zip(&int8.speakers).enumerate() {
        let name = format!("accuracy before and after, speaker {speaker}");
        table.add_row([name, per_cent(*float), per_cent(*int8)]);
    }
    table.add_row(["mean".to_owned(), per_cent(float.mean()), per_cent(int8.mean())]);
    for (name, pick) in [
        ("RAM to train, bytes", (|form| form.ram_bytes) as fn(&Form) -> usize),
        ("of it scratch", |form| form.scratch_bytes),
        ("flash, backbone and theta, bytes", |form| form.flash_bytes),
    ] {
        table.add_row([name.to_owned(), pick(float).to_string(), pick(int8).to_string()]);
    }
    table
}
