//! A small CNN from PyTorch, with its convolutions in flash in eight bits, whose last layer learns
//! on the device.
//!
//! `models/generated/digits_cnn.rs` is what `rolling-ball import` made of the trained model
//! (models/README.md): types, parameters and sizes. The device's sensor is mounted upside down. It
//! labels a hundred digits and fine-tunes.
//!
//! ```text
//! cargo run --release --example import_and_fine_tune
//! ```

#[path = "../models/generated/digits_cnn.rs"]
mod digits_cnn;

use digits_cnn::{Backbone, Network, THETA};
use rolling_ball::nn::{FitsIn, Quantized, Sample, SoftmaxCrossEntropy};
use rolling_ball::{Error, RollingBall, RollingBallConfig, step};

// The board has this much RAM. A network that needs more would not compile.
const _: () = FitsIn::<Network, { 16 * 1024 }>::CHECK;

/// The format is described in data/digits/README.md.
static PACKED: &[u8] = include_bytes!("../data/digits/digits.bin");
const RECORD: usize = 41;
/// The digits before this index trained the model.
const KNOWN: usize = 1200;
const LABELLED: usize = 100;
const STEPS: u32 = 100;

/// What a pixel's byte stands for, as in training.
const SCALE: f32 = 1.0 / 240.0;
const OFFSET: f32 = -0.3;

/// A digit and its class, as the sensor that hangs upside down reads it.
struct Reading {
    pixels: [u8; 64],
    class: u8,
}

impl Reading {
    fn of(record: &[u8]) -> Option<Self> {
        let (class, rows) = record.split_first()?;
        let mut pixels = [0; 64];
        for (pixels, packed) in pixels.rchunks_exact_mut(8).zip(rows.chunks_exact(5)) {
            let row = packed.iter().rev().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
            for (x, pixel) in pixels.iter_mut().rev().enumerate() {
                *pixel = 15 * (row >> (5 * x) & 31) as u8;
            }
        }
        Some(Self { pixels, class: *class })
    }

    fn sample(&self) -> Sample<Quantized<'_>, usize> {
        let input = Quantized { values: &self.pixels, scale: SCALE, offset: OFFSET };
        Sample { input, target: usize::from(self.class) }
    }
}

/// The accuracy in per cent.
fn accuracy(network: &Network, theta: &[f32], readings: &[Reading]) -> Result<f64, Error> {
    let mut scratch = [0.0; Network::SCRATCH];
    let mut right = 0;
    for Sample { input, target } in readings.iter().map(Reading::sample) {
        right += usize::from(network.classify(theta, &input, &mut scratch)? == target);
    }
    Ok(100.0 * right as f64 / readings.len() as f64)
}

fn main() -> Result<(), Error> {
    let readings: Vec<Reading> =
        PACKED.chunks_exact(RECORD).skip(KNOWN).filter_map(Reading::of).collect();
    let (labelled, held_out) = readings.split_at(LABELLED);
    println!("backbone in flash, int8  {:>6} bytes", Backbone::BYTES);
    println!("RAM to train the rest    {:>6} bytes\n", Network::RAM_BYTES);

    let network = digits_cnn::network()?;
    let mut theta = THETA;
    println!("accuracy on other digits: {:.1} %", accuracy(&network, &theta, held_out)?);

    let mut scratch = [0.0; Network::SCRATCH];
    let samples = labelled.iter().map(Reading::sample);
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), samples, &mut scratch)?;
    let vectors = [[0.0; Network::PARAMETERS]; 2];
    let mut ball = RollingBall::new(RollingBallConfig::fine_tuning(STEPS), vectors)?;
    for _ in 0..STEPS {
        let report = step(&mut ball, &mut objective, &mut theta)?;
        if report.step.is_multiple_of(STEPS / 5) {
            println!("    step {:>4}: loss {:.4}", report.step, report.loss_before);
        }
    }
    println!("accuracy on other digits: {:.1} %", accuracy(&network, &theta, held_out)?);
    Ok(())
}
