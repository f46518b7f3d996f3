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

/// The positions of each window that are inside the map: where each is in the window and in the
/// map, in numbers of positions from the first.
pub fn positions(
    window: Window,
    input: Map,
    output: Map,
) -> impl Iterator<Item = Vec<(usize, usize)>> {
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
        positions
    })
}

/// How int8 weights see real numbers. XNNPACK takes a convolution that sees one position at a time
/// for a dense layer, whose samples are the positions.
fn dynamic(
    window: Window,
    input: Map,
    weights: &Tensor,
    arithmetic: Arithmetic,
) -> Option<Dynamic> {
    let several = weights.quantisation.as_ref().is_some_and(|q| q.scales.len() > 1);
    let by_position = window.size == [1, 1] && window.stride == [1, 1];
    let by_position = by_position && input[3] == weights.shape[3];
    let asymmetric = several || arithmetic == Arithmetic::Xnnpack;
    let samples = match arithmetic {
        Arithmetic::Xnnpack if by_position => input[0] * input[1] * input[2],
        Arithmetic::Xnnpack | Arithmetic::FixedPoint => input[0],
        Arithmetic::RealWeights => return None,
    };
    Some(Dynamic { samples, asymmetric })
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
    let dynamic = dynamic(window, from, weights, arithmetic);
    let sums = Sums::new(inputs, output, filters, dynamic, activation, arithmetic)?;
    let places = to[0] * to[1] * to[2];
    let mut outputs = Vec::with_capacity(output.len());
    for (place, positions) in positions(window, from, to).enumerate() {
        for (filter, weights) in sums.weights.chunks_exact(length).enumerate() {
            let first = filter / of_group * channels;
            let mut sum = 0.0;
            for (in_window, in_map) in &positions {
                let values = &sums.input[in_map * from[3] + first..][..channels];
                let weights = &weights[in_window * channels..][..channels];
                sum +=
                    values.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f64>();
            }
            outputs.push(sums.output(sum, filter, [place, places]));
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
    let dynamic = dynamic(window, from, inputs.get(1)?.0, arithmetic);
    let sums = Sums::new(inputs, output, filters, dynamic, activation, arithmetic)?;
    let places = to[0] * to[1] * to[2];
    let mut outputs = Vec::with_capacity(output.len());
    for (place, positions) in positions(window, from, to).enumerate() {
        for filter in 0..filters {
            let products = positions.iter().map(|(in_window, in_map)| {
                sums.input[in_map * from[3] + filter / multiplier]
                    * sums.weights[in_window * filters + filter]
            });
            outputs.push(sums.output(products.sum(), filter, [place, places]));
        }
    }
    Ok(sums.values(&outputs))
}
