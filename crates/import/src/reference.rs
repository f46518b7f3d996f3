//! An int8 backbone on the desktop, written without the core. The report and the tests compare the
//! core with what it computes.

use super::graph::{Graph, Node, Operation};
use super::quantise::{Clamps, Factor, Layer, Quantised};
use super::windows::{Run, of_channel, windows};

/// Computes the features of an input.
pub fn features(backbone: &Graph, quantised: &Quantised, input: &[f32]) -> Vec<f32> {
    let steps = quantised.steps_per_unit();
    let mut values: Vec<i8> = input
        .iter()
        .map(|value| {
            let moved = (value * steps).round_ties_even() + f32::from(quantised.input.zero);
            moved.clamp(-128.0, 127.0) as i8
        })
        .collect();
    for (index, layer) in &quantised.layers {
        values = output(&backbone.nodes[*index], layer, &values);
    }
    let (step, zero) = (quantised.output.step as f32, i32::from(quantised.output.zero));
    values.iter().map(|value| (i32::from(*value) - zero) as f32 * step).collect()
}

fn output(node: &Node, layer: &Layer, input: &[i8]) -> Vec<i8> {
    let channels = node.input[2];
    let window = match node.operation {
        Operation::Convolution(window, _)
        | Operation::Depthwise(window)
        | Operation::MaxPool(window)
        | Operation::AveragePool(window) => window,
        Operation::LayerNorm { .. } | Operation::Activation(_) => {
            let Layer::Table(outputs) = layer else { return input.to_vec() };
            return input.iter().map(|x| outputs[(i16::from(*x) + 128) as usize]).collect();
        }
    };
    let mut output = Vec::new();
    for runs in windows(node.input, window) {
        let all = || runs.clone().flat_map(elements);
        let of_channel = |channel| of_channel(runs.clone(), channel, channels);
        let value = |x: usize, zero: i8| i64::from(input[x]) - i64::from(zero);
        output.extend((0..node.output[2]).map(|channel| match layer {
            Layer::Affine { clamps, factors, biases, weights } => {
                let product =
                    |(w, x): (usize, usize)| i64::from(weights[w]) * value(x, clamps.input_zero);
                let sum: i64 = if let Operation::Depthwise(_) = node.operation {
                    of_channel(channel).map(product).sum()
                } else {
                    let filter = channel * window.size[0] * window.size[1] * channels;
                    all().map(|(w, x)| product((filter + w, x))).sum()
                };
                let sum = i128::from(sum + i64::from(biases[channel]));
                let half = 1 << (factors[channel].shift - 1);
                let product = sum * i128::from(factors[channel].multiplier);
                clamped((product + half) >> factors[channel].shift, *clamps)
            }
            Layer::Mean { clamps, factor } => {
                let count = (window.size[0] * window.size[1]) as i128;
                let sum = of_channel(channel).map(|(_, x)| value(x, clamps.input_zero)).sum();
                clamped(mean(sum, count, *factor), *clamps)
            }
            _ => of_channel(channel).map(|(_, x)| input[x]).max().unwrap_or(i8::MIN),
        }));
    }
    output
}

/// The factor over the count has a multiplier that is rounded up; halves go away from zero.
fn mean(sum: i64, count: i128, factor: Factor) -> i128 {
    let bits = count.ilog2();
    let scaled = i128::from(factor.multiplier) << bits;
    let (multiplier, shift) = ((scaled + count - 1) / count, u32::from(factor.shift) + bits);
    let magnitude = (i128::from(sum.abs()) * multiplier + (1 << (shift - 1))) >> shift;
    magnitude * i128::from(sum.signum())
}

/// The indices of a run's elements in the window and in the map.
fn elements(run: Run) -> impl Iterator<Item = (usize, usize)> {
    (0..run.length).map(move |i| (run.window + i, run.map + i))
}

fn clamped(rounded: i128, clamps: Clamps) -> i8 {
    let Clamps { zero, minimum, maximum, .. } = clamps;
    (rounded + i128::from(zero)).clamp(minimum.into(), maximum.into()) as i8
}
