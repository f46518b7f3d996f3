//! Convolutions.

use super::super::model::{Activation, Tensor, Window};
use super::hybrid::Dynamic;
use super::sums::Sums;
use super::value::Value;
use super::{Arithmetic, Inputs};
use anyhow::{Context, Result};

/// The sizes of a map: samples, rows, columns, channels.
pub type Map = [usize; 4];

/// The sizes of a tensor that is a map.
pub fn map(tensor: &Tensor) -> Result<Map> {
    tensor.shape.as_slice().try_into().context("it is no map")
}

/// The positions of each window that are inside the map: of which sample the window is, and where
/// each position is in the window and in the map, in numbers of positions from the first.
pub fn positions(
    window: Window,
    input: Map,
    output: Map,
) -> impl Iterator<Item = (usize, Vec<(usize, usize)>)> {
    let [samples, rows, columns, _] = output;
    (0..samples * rows * columns).map(move |place| {
        let (sample, row, column) =
            (place / (rows * columns), place / columns % rows, place % columns);
        let inside = |direction: usize, place: usize| {
            let start = place * window.stride[direction];
            (0..window.size[direction]).filter_map(move |at| {
                let position = start + at * window.dilation[direction];
                let position = position.checked_sub(window.before[direction])?;
                (position < input[1 + direction]).then_some((at, position))
            })
        };
        let mut positions = Vec::new();
        for (down, y) in inside(0, row) {
            for (right, x) in inside(1, column) {
                let in_map = (sample * input[1] + y) * input[2] + x;
                positions.push((down * window.size[1] + right, in_map));
            }
        }
        (sample, positions)
    })
}

/// How int8 weights see real numbers: with a scale for each filter they see integers, and with one
/// for all they become real numbers.
fn dynamic(weights: &Tensor, samples: usize) -> Option<Dynamic> {
    let several = weights.quantisation.is_some();
    several.then_some(Dynamic { samples, asymmetric: true })
}

/// A convolution. Each group of filters sees its own channels.
pub fn convolution(
    window: Window,
    activation: Activation,
    inputs: &Inputs,
    output: &Tensor,
    arithmetic: Arithmetic,
) -> Result<Value> {
    let (from, to) = (map(inputs.get(0)?.0)?, map(output)?);
    let weights = inputs.get(1)?.0;
    let (filters, channels) = (to[3], weights.shape[3]);
    let of_group = filters / (from[3] / channels);
    let length = window.size[0] * window.size[1] * channels;
    let dynamic = dynamic(weights, from[0]);
    let sums = Sums::new(inputs, output, filters, dynamic, activation, arithmetic)?;
    let mut outputs = Vec::with_capacity(output.len());
    for (sample, positions) in positions(window, from, to) {
        for (filter, weights) in sums.weights.chunks_exact(length).enumerate() {
            let first = filter / of_group * channels;
            let mut sum = 0.0;
            for (in_window, in_map) in &positions {
                let values = &sums.input[in_map * from[3] + first..][..channels];
                let weights = &weights[in_window * channels..][..channels];
                sum +=
                    values.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f64>();
            }
            outputs.push(sums.output(sum, filter, sample));
        }
    }
    Ok(sums.values(&outputs))
}

/// A convolution of each channel by itself.
pub fn depthwise(
    window: Window,
    multiplier: usize,
    activation: Activation,
    inputs: &Inputs,
    output: &Tensor,
    arithmetic: Arithmetic,
) -> Result<Value> {
    let (from, to) = (map(inputs.get(0)?.0)?, map(output)?);
    let filters = to[3];
    let dynamic = dynamic(inputs.get(1)?.0, from[0]);
    let sums = Sums::new(inputs, output, filters, dynamic, activation, arithmetic)?;
    let mut outputs = Vec::with_capacity(output.len());
    for (sample, positions) in positions(window, from, to) {
        for filter in 0..filters {
            let products = positions.iter().map(|(in_window, in_map)| {
                sums.input[in_map * from[3] + filter / multiplier]
                    * sums.weights[in_window * filters + filter]
            });
            outputs.push(sums.output(products.sum(), filter, sample));
        }
    }
    Ok(sums.values(&outputs))
}
