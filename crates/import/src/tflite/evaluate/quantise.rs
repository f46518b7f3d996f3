//! Between real numbers and integers.

use super::super::model::{Activation, Tensor, Type};
use super::Arithmetic;
use super::rescale::{Output, Scale};
use super::value::Value;
use anyhow::Result;

/// To integers, from real numbers or integers of another scale.
pub fn quantise(
    (input, values): (&Tensor, &Value),
    output: &Tensor,
    arithmetic: Arithmetic,
) -> Result<Value> {
    let to = Output::new(output, Activation::None)?;
    let (values, scale) = values.centred(input)?;
    let rescaled = |value: f64| match (input.kind, arithmetic) {
        (Type::F32, Arithmetic::Xnnpack | Arithmetic::RealWeights) => {
            f64::from((value as f32 * (1.0 / to.scale)).round_ties_even())
        }
        (Type::F32, Arithmetic::FixedPoint) => f64::from((value as f32 / to.scale).round()),
        (_, Arithmetic::Xnnpack | Arithmetic::RealWeights) => eight_bits(value, scale / to.scale),
        (_, Arithmetic::FixedPoint) => {
            Scale::fixed(f64::from(scale) / f64::from(to.scale)).times(value)
        }
    };
    let outputs: Vec<f64> = values.iter().map(|value| to.value(rescaled(*value))).collect();
    Ok(to.values(&outputs))
}

/// XNNPACK's product with a scale that has eight bits after the point, halves upwards.
pub fn eight_bits(value: f64, scale: f32) -> f64 {
    let multiplier = f64::from((scale * 256.0).round_ties_even());
    (value * multiplier / 256.0 + 0.5).floor()
}

/// To real numbers.
pub fn dequantise((input, values): (&Tensor, &Value)) -> Result<Value> {
    Ok(Value::F32(values.real(input)?.into_iter().map(|value| value as f32).collect()))
}
