//! Pools. Their inputs and outputs have the same scale.

use super::super::model::{Activation, Tensor, Type, Window};
use super::rescale::Output;
use super::value::Value;
use super::windows::{map, positions};
use anyhow::Result;

/// The mean of what is inside the map.
pub fn average(
    window: Window,
    activation: Activation,
    input: (&Tensor, &Value),
    output: &Tensor,
) -> Result<Value> {
    let real = output.kind == Type::F32;
    pool(window, activation, input, output, |values| {
        let (count, sum) =
            values.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
        // A window without a position inside has no mean.
        let mean: f64 = if count == 0.0 { 0.0 } else { sum / count };
        if real { mean } else { mean.round() }
    })
}

/// The largest value inside the map.
pub fn largest(
    window: Window,
    activation: Activation,
    input: (&Tensor, &Value),
    output: &Tensor,
) -> Result<Value> {
    pool(window, activation, input, output, |values| values.fold(f64::NEG_INFINITY, f64::max))
}

fn pool(
    window: Window,
    activation: Activation,
    (tensor, values): (&Tensor, &Value),
    output: &Tensor,
    of_window: impl Fn(&mut dyn Iterator<Item = f64>) -> f64,
) -> Result<Value> {
    let (from, to) = (map(tensor)?, map(output)?);
    let (values, limits) = (values.stored(), Output::new(output, activation)?);
    let mut outputs = Vec::with_capacity(output.len());
    for positions in positions(window, from, to) {
        for channel in 0..to[3] {
            let mut inside = positions.iter().map(|(_, in_map)| values[in_map * from[3] + channel]);
            outputs.push(limits.stored(of_window(&mut inside)));
        }
    }
    Ok(limits.values(&outputs))
}
