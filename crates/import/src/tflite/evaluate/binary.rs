//! Sums, differences and products of two tensors, of which the smaller one is repeated.

use super::super::model::{Activation, Binary, Tensor, Type};
use super::layout::{index, repeated};
use super::rescale::{Output, Scale};
use super::value::Value;
use super::{Arithmetic, Inputs};
use anyhow::Result;

/// Computes one of them.
pub fn binary(
    binary: Binary,
    activation: Activation,
    inputs: &Inputs,
    output: &Tensor,
    arithmetic: Arithmetic,
) -> Result<Value> {
    let ((left, left_values), (right, right_values)) = (inputs.get(0)?, inputs.get(1)?);
    let (left_values, left_scale) = left_values.centred(left)?;
    let (right_values, right_scale) = right_values.centred(right)?;
    let to = Output::new(output, activation)?;
    let sign = if binary == Binary::Subtract { -1.0 } else { 1.0 };
    let compute: Box<dyn Fn(f64, f64) -> f64> = match (to.kind, binary, arithmetic) {
        (Type::F32, Binary::Multiply, _) => Box::new(|left, right| left * right),
        (Type::F32, ..) => Box::new(move |left, right| left + sign * right),
        (_, Binary::Multiply, _) => {
            let scale = f64::from(left_scale * right_scale / to.scale);
            let scale = Scale::new(scale, arithmetic);
            Box::new(move |left, right| scale.times(left * right))
        }
        (_, _, Arithmetic::Xnnpack | Arithmetic::RealWeights) => {
            // Multipliers of 20 bits, one rounding of the sum.
            let (left_scale, right_scale) = (left_scale / to.scale, right_scale / to.scale);
            let exponent = exponent(left_scale.max(right_scale));
            let unit = 2f64.powi(20 - exponent);
            let whole = |scale: f32| (f64::from(scale) * unit).round_ties_even();
            let (of_left, of_right) = (whole(left_scale), sign * whole(right_scale));
            Box::new(move |left, right| ((left * of_left + right * of_right) / unit + 0.5).floor())
        }
        (_, _, Arithmetic::FixedPoint) => {
            // Both to a common scale with 20 bits more, each rounded, and from there.
            let twice = 2.0 * f64::from(left_scale.max(right_scale));
            let unit = f64::from(1 << 20);
            let of_left = Scale::fixed(f64::from(left_scale) / twice);
            let of_right = Scale::fixed(f64::from(right_scale) / twice);
            let of_sum = Scale::fixed(twice / (unit * f64::from(to.scale)));
            Box::new(move |left, right| {
                let sum = of_left.times(left * unit) + sign * of_right.times(right * unit);
                of_sum.times(sum)
            })
        }
    };
    let left_steps = repeated(left, &output.shape);
    let right_steps = repeated(right, &output.shape);
    let outputs: Vec<f64> = (0..output.len())
        .map(|place| {
            let left = left_values[index(place, &output.shape, &left_steps)];
            let right = right_values[index(place, &output.shape, &right_steps)];
            to.value(compute(left, right))
        })
        .collect();
    Ok(to.values(&outputs))
}

/// The exponent of a number above 0.
fn exponent(number: f32) -> i32 {
    (number.to_bits() >> 23) as i32 - 127
}
