//! An int8 backbone on the desktop, written without the core. The report and the tests compare the
//! core with what it computes.

use super::graph::{Graph, Node, Operation};
use super::quantise::{Clamps, Layer, Quantised};
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
        values = output(&backbone.nodes[*index], layer.as_ref(), &values);
    }
    let (step, zero) = (quantised.output.step as f32, i32::from(quantised.output.zero));
    values.iter().map(|value| (i32::from(*value) - zero) as f32 * step).collect()
}

fn output(node: &Node, layer: Option<&Layer>, input: &[i8]) -> Vec<i8> {
    let channels = node.input[2];
    let window = match node.operation {
        Operation::Convolution(window, _)
        | Operation::Depthwise(window)
        | Operation::MaxPool(window)
        | Operation::AveragePool(window, _) => window,
        _ => return input.to_vec(),
    };
    let mut output = Vec::new();
    for runs in windows(node.input, window) {
        let all = || runs.clone().flat_map(elements);
        let of_channel = |channel| of_channel(runs.clone(), channel, channels);
        let Some(layer) = layer else {
            output.extend((0..channels).map(|channel| {
                of_channel(channel).map(|(_, x)| input[x]).max().unwrap_or(i8::MIN)
            }));
            continue;
        };
        let value = |x: usize| i64::from(input[x]) - i64::from(layer.clamps.input_zero);
        for channel in 0..node.output[2] {
            let sum: i64 = match node.operation {
                Operation::Convolution(window, _) => {
                    let length = window.size[0] * window.size[1] * channels;
                    let filter = &layer.weights[channel * length..][..length];
                    all().map(|(w, x)| i64::from(filter[w]) * value(x)).sum()
                }
                Operation::Depthwise(_) => {
                    of_channel(channel).map(|(w, x)| i64::from(layer.weights[w]) * value(x)).sum()
                }
                _ => of_channel(channel).map(|(_, x)| value(x)).sum(),
            };
            let bias = layer.biases.get(channel).map_or(0, |bias| i64::from(*bias));
            let multiplier = layer.multipliers[channel.min(layer.multipliers.len() - 1)];
            output.push(requantised(sum + bias, multiplier, layer.clamps));
        }
    }
    output
}

/// The indices of a run's elements in the window and in the map.
fn elements(run: Run) -> impl Iterator<Item = (usize, usize)> {
    (0..run.length).map(move |i| (run.window + i, run.map + i))
}

fn requantised(sum: i64, multiplier: f32, clamps: Clamps) -> i8 {
    let Clamps { zero, minimum, maximum, .. } = clamps;
    // This is exact but for the two roundings to f32.
    let product = (f64::from(sum as f64 as f32) * f64::from(multiplier)) as f32;
    let moved = f64::from(product).round_ties_even() + f64::from(zero);
    moved.clamp(f64::from(minimum), f64::from(maximum)) as i8
}
