//! What is measured of a trained network.

use super::perturbation::{attacked, flipped, rounded, with_input_noise, with_weight_noise};
use super::tasks::Draw;
use crate::statistics::{deviation, mean};
use anyhow::Result;
use rolling_ball::kernels::Active;
use rolling_ball::nn::{Layer, Network, Parameters, Samples, SoftmaxCrossEntropy, class_of};
use rolling_ball::probe::{Curvature, Eigenvalue, Trace};
use rolling_ball::{Error, Objective};
use workbench::data::Dataset;

/// How a measure's values are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// The part that is classified right: more is better, and differences count.
    Accuracy,
    /// Less is better, and ratios count.
    Curvature,
}

/// Something that is measured.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    pub name: &'static str,
    pub kind: Kind,
}

const fn accuracy_with(name: &'static str) -> Measure {
    Measure { name, kind: Kind::Accuracy }
}

const fn curvature(name: &'static str) -> Measure {
    Measure { name, kind: Kind::Curvature }
}

pub const ACCURACY: usize = 0;
pub const LARGEST_EIGENVALUE: usize = 1;
pub const TRACE: usize = 2;
pub const INPUT_NOISE: [usize; 2] = [3, 4];
pub const ATTACKS: [usize; 2] = [5, 6];
pub const BITS: [usize; 4] = [7, 8, 9, 10];
pub const WEIGHT_NOISE: [usize; 2] = [11, 12];
pub const FLIPS: usize = 13;

/// In the order of the constants above.
pub const MEASURES: [Measure; 14] = [
    accuracy_with("accuracy"),
    curvature("largest eigenvalue"),
    curvature("trace"),
    accuracy_with("input noise 0.5"),
    accuracy_with("input noise 1"),
    accuracy_with("FGSM 0.1"),
    accuracy_with("FGSM 0.3"),
    accuracy_with("8 bits"),
    accuracy_with("4 bits"),
    accuracy_with("3 bits"),
    accuracy_with("2 bits"),
    accuracy_with("weight noise 25 %"),
    accuracy_with("weight noise 50 %"),
    accuracy_with("bit flips 1 %"),
];

/// In units of the inputs' deviation.
const INPUT_NOISE_LEVELS: [f32; 2] = [0.5, 1.0];
/// In units of the inputs' deviation.
const ATTACK_SIZES: [f32; 2] = [0.1, 0.3];
const BIT_WIDTHS: [u32; 4] = [8, 4, 3, 2];
const WEIGHT_NOISE_LEVELS: [f32; 2] = [0.25, 0.5];
/// The chance of each bit of a weight to be flipped.
const FLIP_CHANCE: f32 = 0.01;

/// How often what is random is drawn for one network.
const REPETITIONS: u64 = 3;
/// Training samples over which the curvature is measured, at most.
const CURVED_SAMPLES: usize = 200;
const ITERATIONS: u32 = 30;
const DIRECTIONS: u32 = 16;
/// The step of the curvature's differences, as a part of theta's length.
const STEP: f32 = 0.01;
/// Samples that are evaluated at once.
const TOGETHER: usize = 50;

/// What was measured of one network.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// The loss on the training samples.
    pub loss: f64,
    pub values: [f64; MEASURES.len()],
    /// How far off the largest eigenvalue and the trace may be, as a part of each.
    pub uncertain: [f64; 2],
}

/// Measures a network that was trained on this draw. What is random is the same for each network
/// of a draw.
pub fn measure<T: Layer>(theta: &[f32], draw: &Draw) -> Result<Measured> {
    let mut values = [0.0; MEASURES.len()];
    let labels = &draw.test.labels;
    let inputs = floats(&draw.test);
    let unit = inputs_deviation(&draw.train);
    let accuracy = |theta: &[f32], inputs: &[f32]| accuracy::<T>(theta, inputs, labels);
    let repeated = |one: &dyn Fn(u64) -> Result<f64>| -> Result<f64> {
        let seeds = (0..REPETITIONS).map(|repetition| draw.seed << 8 | repetition);
        Ok(mean(seeds.map(one).collect::<Result<Vec<_>>>()?))
    };
    values[ACCURACY] = accuracy(theta, &inputs)?;
    for (place, level) in INPUT_NOISE.into_iter().zip(INPUT_NOISE_LEVELS) {
        values[place] =
            repeated(&|seed| accuracy(theta, &with_input_noise(&inputs, level * unit, seed)))?;
    }
    for (place, size) in ATTACKS.into_iter().zip(ATTACK_SIZES) {
        values[place] = accuracy(theta, &attacked::<T>(theta, &inputs, labels, size * unit)?)?;
    }
    for (place, bits) in BITS.into_iter().zip(BIT_WIDTHS) {
        values[place] = accuracy(&rounded::<T>(theta, bits), &inputs)?;
    }
    for (place, level) in WEIGHT_NOISE.into_iter().zip(WEIGHT_NOISE_LEVELS) {
        values[place] =
            repeated(&|seed| accuracy(&with_weight_noise(theta, level, seed), &inputs))?;
    }
    values[FLIPS] = repeated(&|seed| accuracy(&flipped::<T>(theta, FLIP_CHANCE, seed), &inputs))?;
    let (loss, largest, trace) = curved::<T>(theta, draw)?;
    values[LARGEST_EIGENVALUE] = f64::from(largest.value);
    values[TRACE] = f64::from(trace.value);
    let part = |error, value: f32| f64::from(error / value.abs());
    let uncertain = [part(largest.residual, largest.value), part(trace.error, trace.value)];
    Ok(Measured { loss, values, uncertain })
}

/// The part of the samples that is classified right; an output that is not finite is wrong.
pub fn accuracy<T: Layer>(theta: &[f32], inputs: &[f32], labels: &[u8]) -> Result<f64> {
    let parameters = Parameters { theta, frozen: &[] };
    let mut right = 0;
    for (inputs, labels) in inputs.chunks(TOGETHER * T::INPUTS).zip(labels.chunks(TOGETHER)) {
        let mut activations = vec![0.0; labels.len() * T::ACTIVATIONS];
        let mut outputs = vec![0.0; labels.len() * T::OUTPUTS];
        T::forward::<Active>(parameters, inputs, &mut activations, &mut outputs)?;
        right += outputs
            .chunks_exact(T::OUTPUTS)
            .zip(labels)
            .filter(|(output, label)| class_of(output) == Ok(usize::from(**label)))
            .count();
    }
    Ok(right as f64 / labels.len().max(1) as f64)
}

/// A data set's inputs as numbers.
pub fn floats(data: &Dataset) -> Vec<f32> {
    data.inputs.iter().map(|byte| data.scale * f32::from(*byte) + data.offset).collect()
}

fn inputs_deviation(data: &Dataset) -> f32 {
    let values: Vec<f64> = floats(data).into_iter().map(f64::from).collect();
    deviation(&values) as f32
}

/// The loss on all training samples, and the largest eigenvalue and the trace on some.
fn curved<T: Layer>(theta: &[f32], draw: &Draw) -> Result<(f64, Eigenvalue, Trace)> {
    let network = Network::<T>::new(&[])?;
    let samples = draw.train.samples();
    let mut scratch = vec![0.0; Network::<T>::scratch(TOGETHER)];
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), samples.all(), &mut scratch)?;
    let loss = objective.loss(theta)?;
    objective.set_samples(samples.range(0, CURVED_SAMPLES));
    let length = theta.iter().map(|value| value * value).sum::<f32>().sqrt();
    let curvature = Curvature { theta, step: STEP * length, seed: 1 };
    let [mut direction, mut first, mut second, mut third] =
        [(); 4].map(|()| vec![0.0; theta.len()]);
    let scratch = [&mut first[..], &mut second, &mut third];
    let largest = curvature.largest(&mut objective, ITERATIONS, &mut direction, scratch);
    let trace = curvature.trace(&mut objective, DIRECTIONS, [&mut first, &mut second]);
    let infinite = f32::INFINITY;
    let largest = largest.or_else(diverged(Eigenvalue { value: infinite, residual: infinite }))?;
    let trace = trace.or_else(diverged(Trace { value: infinite, error: infinite }))?;
    Ok((f64::from(loss), largest, trace))
}

/// Where the loss has no curvature since it is not finite nearby: this.
fn diverged<T>(instead: T) -> impl FnOnce(Error) -> Result<T, Error> {
    |error| match error {
        Error::NonFiniteParameters | Error::NonFiniteLoss | Error::NonFiniteGradient => Ok(instead),
        error => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolling_ball::nn::Dense;

    #[test]
    fn every_measure_is_named_by_what_is_done() {
        let named = |places: &[usize], words: &dyn Fn(usize) -> String| {
            for (index, place) in places.iter().enumerate() {
                assert_eq!(MEASURES[*place].name, words(index));
            }
        };
        named(&INPUT_NOISE, &|index| format!("input noise {}", INPUT_NOISE_LEVELS[index]));
        named(&ATTACKS, &|index| format!("FGSM {}", ATTACK_SIZES[index]));
        named(&BITS, &|index| format!("{} bits", BIT_WIDTHS[index]));
        let percent = |part: f32| format!("{:.0} %", 100.0 * part);
        named(&WEIGHT_NOISE, &|index| {
            format!("weight noise {}", percent(WEIGHT_NOISE_LEVELS[index]))
        });
        named(&[FLIPS], &|_| format!("bit flips {}", percent(FLIP_CHANCE)));
        named(&[LARGEST_EIGENVALUE], &|_| "largest eigenvalue".to_owned());
        named(&[TRACE], &|_| "trace".to_owned());
        named(&[ACCURACY], &|_| "accuracy".to_owned());
    }

    #[test]
    fn as_many_samples_are_right_as_have_their_label_for_the_largest_output() -> Result<()> {
        // Two outputs that are the two inputs; more samples than are evaluated at once.
        let theta = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
        let inputs: Vec<f32> = (0..120).flat_map(|_| [0.0, 1.0]).collect();
        let labels: Vec<u8> = (0..120).map(|index| u8::from(index % 4 != 0)).collect();
        assert_eq!(accuracy::<Dense<2, 2>>(&theta, &inputs, &labels)?, 0.75);
        let broken = [f32::NAN; 6];
        assert_eq!(accuracy::<Dense<2, 2>>(&broken, &inputs, &labels)?, 0.0);
        Ok(())
    }

    #[test]
    fn a_flat_bowl_has_less_curvature_than_a_sharp_one() -> Result<()> {
        // The same inputs, ten times as large for the second network: its loss is the sharper one.
        let data = |scale: f32| Dataset {
            inputs: (0..40).map(|byte| byte * 5).collect(),
            labels: (0..20).map(|index| index % 2).collect(),
            width: 2,
            scale,
            offset: 0.0,
        };
        let measured = |scale| {
            let [train, validation, test] = [(); 3].map(|()| data(scale));
            let draw = Draw { seed: 1, start: Vec::new(), train, validation, test };
            let theta = [0.01, -0.01, 0.02, 0.0, 0.0, 0.01];
            let (_, largest, trace) = curved::<Dense<2, 2>>(&theta, &draw)?;
            Ok::<_, anyhow::Error>([largest.value, trace.value])
        };
        let (flat, sharp) = (measured(0.01)?, measured(0.1)?);
        for (flat, sharp) in flat.into_iter().zip(sharp) {
            assert!(0.0 < flat && 10.0 * flat < sharp, "{flat} {sharp}");
        }
        Ok(())
    }
}
