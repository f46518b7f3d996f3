//! Softmax over the last dimension.

use super::super::model::{Activation, Tensor};
use super::rescale::Output;
use super::value::Value;
use anyhow::Result;

/// The softmax of values that are multiplied by `beta`.
pub fn softmax(beta: f32, (input, values): (&Tensor, &Value), output: &Tensor) -> Result<Value> {
    let to = Output::new(output, Activation::None)?;
    let length = input.shape.last().copied().unwrap_or(1);
    let mut outputs = Vec::with_capacity(output.len());
    if let Value::F32(values) = values {
        for row in values.chunks_exact(length) {
            let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let exponential = |value: &f32| (f64::from(value - most) * f64::from(beta)).exp();
            let sum: f64 = row.iter().map(exponential).sum();
            outputs.extend(row.iter().map(|value| exponential(value) / sum));
        }
        return Ok(to.values(&outputs));
    }
    // In f32, with a table of exponentials in LiteRT: of so many steps below the largest.
    let (values, scale) = values.centred(input)?;
    for row in values.chunks_exact(length) {
        let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let exponential =
            |value: &f64| f64::from(-scale * beta * (most - value) as f32).exp() as f32;
        let sum: f32 = row.iter().map(exponential).sum();
        let inverse = 1.0 / (sum * to.scale);
        outputs.extend(
            row.iter().map(|value| to.value(f64::from((exponential(value) * inverse).round()))),
        );
    }
    Ok(to.values(&outputs))
}
