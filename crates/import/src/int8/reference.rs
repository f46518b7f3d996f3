//! An int8 backbone on the desktop, written without the core. The report and the tests compare the
//! core with what it computes.

use super::{Clamps, Factor, Layer, Placed, Quantised};
use crate::graph::{Divisor, Graph, Node, Operation, Window};
use crate::windows::{Run, of_channel, windows};

/// What is shown the index of every layer, and its output.
type See<'a> = &'a mut dyn FnMut(usize, &[i8]);

/// Computes the features of an input.
pub fn features(backbone: &Graph, quantised: &Quantised, input: &[f32]) -> Vec<f32> {
    each_output(backbone, quantised, input, &mut |_, _| {})
}

/// Computes the features of an input, and shows the output of every layer with its index.
pub fn each_output(backbone: &Graph, quantised: &Quantised, input: &[f32], see: See) -> Vec<f32> {
    each(&backbone.every(), quantised, input, see)
}

/// Computes the output of a layer that is in int8 by itself.
pub fn output_of(node: &Node, quantised: &Quantised, input: &[f32]) -> Vec<f32> {
    each(&[node], quantised, input, &mut |_, _| {})
}

fn each(every: &[&Node], quantised: &Quantised, input: &[f32], see: See) -> Vec<f32> {
    let steps = quantised.steps_per_unit();
    let mut values: Vec<i8> = input
        .iter()
        .map(|value| {
            let moved = (value * steps).round_ties_even() + f32::from(quantised.input.zero);
            moved.clamp(-128.0, 127.0) as i8
        })
        .collect();
    values = through(every, &quantised.layers, values, see);
    let (step, zero) = (quantised.output.step as f32, i32::from(quantised.output.zero));
    values.iter().map(|value| (i32::from(*value) - zero) as f32 * step).collect()
}

/// The output of layers in a row. Those inside others are at most as deep as a graph allows.
fn through(every: &[&Node], layers: &[Placed], input: Vec<i8>, see: See) -> Vec<i8> {
    layers.iter().fold(input, |values, Placed { index, layer }| {
        let node = every[*index];
        let output = match layer {
            Layer::Sum { layers, shortcut, clamps, other_zero, multipliers, shift } => {
                let one = through(every, layers, values.clone(), see);
                let other = through(every, shortcut, values, see);
                let part = |value: i8, zero: i8, multiplier: i32| {
                    (i128::from(value) - i128::from(zero)) * i128::from(multiplier)
                };
                let sum = |(one, other): (&i8, &i8)| {
                    let sum = part(*one, clamps.input_zero, multipliers[0])
                        + part(*other, *other_zero, multipliers[1]);
                    clamped((sum + (1 << (shift - 1))) >> shift, *clamps)
                };
                one.iter().zip(&other).map(sum).collect()
            }
            Layer::Concat { first, second } => {
                let one = through(every, first, values.clone(), see);
                let other = through(every, second, values, see);
                let positions = node.output[0] * node.output[1];
                let sides = [one.len() / positions, other.len() / positions];
                let pairs = one.chunks_exact(sides[0]).zip(other.chunks_exact(sides[1]));
                pairs.flat_map(|(one, other)| [one, other].concat()).collect()
            }
            Layer::Table(outputs) => {
                values.iter().map(|x| outputs[(i16::from(*x) + 128) as usize]).collect()
            }
            Layer::Rescale { clamps, factor, .. } => {
                let scaled = |x: &i8| {
                    let centred = i128::from(*x) - i128::from(clamps.input_zero);
                    let product = centred * i128::from(factor.multiplier);
                    clamped((product + (1 << (factor.shift - 1))) >> factor.shift, *clamps)
                };
                values.iter().map(scaled).collect()
            }
            Layer::Norm { clamps, epsilon, multipliers, biases, shift } => values
                .chunks_exact(multipliers.len())
                .flat_map(|position| {
                    let normal = normalised(position, *epsilon);
                    let parameters = multipliers.iter().zip(biases);
                    normal.into_iter().zip(parameters).map(|(normal, (multiplier, bias))| {
                        let sum =
                            normal * i128::from(*multiplier) + (i128::from(*bias) << (shift - 16));
                        clamped((sum + (1 << (shift - 1))) >> shift, *clamps)
                    })
                })
                .collect(),
            Layer::Slopes { clamps, factors, slopes } => {
                let each = values.iter().zip(slopes.iter().cycle());
                let value = |(x, slope): (&i8, &i16)| {
                    let x = i128::from(*x) - i128::from(clamps.input_zero);
                    let (x, Factor { multiplier, shift }) = match x >= 0 {
                        true => (x, factors[0]),
                        false => (x * i128::from(*slope), factors[1]),
                    };
                    let product = x * i128::from(multiplier);
                    clamped((product + (1 << (shift - 1))) >> shift, *clamps)
                };
                each.map(value).collect()
            }
            _ => output(node, layer, &values),
        };
        see(*index, &output);
        output
    })
}

/// The output of a layer with windows.
fn output(node: &Node, layer: &Layer, input: &[i8]) -> Vec<i8> {
    let channels = node.input[2];
    let by_channel = matches!(node.operation, Operation::Depthwise(_) | Operation::ScaleShift);
    let window = match node.operation {
        Operation::Convolution(window, _)
        | Operation::Grouped(window, _)
        | Operation::Depthwise(window)
        | Operation::MaxPool(window)
        | Operation::AveragePool(window, _) => window,
        _ => Window::one(),
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
                let sum: i64 = if by_channel {
                    of_channel(channel).map(product).sum()
                } else if let Operation::Grouped(_, groups) = node.operation {
                    let each = channels / groups;
                    let first = channel / (node.output[2] / groups) * each;
                    let filter = channel * window.positions() * each;
                    let position = |(w, x): (usize, usize)| {
                        (0..each).map(move |i| (filter + w / channels * each + i, x + first + i))
                    };
                    of_channel(0).flat_map(position).map(product).sum()
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
                let count = match node.operation {
                    Operation::AveragePool(_, Divisor::Map) => of_channel(0).count(),
                    _ => window.positions(),
                };
                let sum = of_channel(channel).map(|(_, x)| value(x, clamps.input_zero)).sum();
                clamped(mean(sum, count as i128, *factor), *clamps)
            }
            _ => of_channel(channel).map(|(_, x)| input[x]).max().unwrap_or(i8::MIN),
        }));
    }
    output
}

/// What the bytes of a position are above their mean, over the root of their mean square and the
/// epsilon, times `2^20`.
fn normalised(position: &[i8], epsilon: u64) -> Vec<i128> {
    let count = position.len() as i128;
    let sum: i128 = position.iter().map(|x| i128::from(*x)).sum();
    let squares: i128 = position.iter().map(|x| i128::from(*x) * i128::from(*x)).sum();
    let square = ((count * squares - sum * sum) << 16) + i128::from(epsilon);
    if square < 1 << 16 {
        return vec![0; position.len()];
    }
    // With the bit of value 2^60 or 2^61 as its first.
    let halved = (61 - square.ilog2()) / 2;
    let root = (square << (2 * halved)).isqrt();
    let reciprocal = (((1 << 61) + root / 2) / root).min(i128::from(i32::MAX));
    let shift = 33 - halved;
    let above = position.iter().map(|x| count * i128::from(*x) - sum);
    above.map(|above| (above * reciprocal + (1 << (shift - 1))) >> shift).collect()
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
