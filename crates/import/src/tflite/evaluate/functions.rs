//! Functions of each value.

use super::super::model::{Activation, Function, Tensor, Type};
use super::layout::{index, repeated};
use super::quantise::eight_bits;
use super::rescale::{Output, Scale, divided, doubling_high};
use super::value::Value;
use super::{Arithmetic, Inputs};
use anyhow::Result;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI};

/// Computes a function of each value.
pub fn function(
    function: Function,
    (input, values): (&Tensor, &Value),
    output: &Tensor,
    arithmetic: Arithmetic,
) -> Result<Value> {
    let activation = match function {
        Function::Relu => Activation::Relu,
        Function::Relu6 => Activation::Relu6,
        Function::ReluN1To1 => Activation::ReluN1To1,
        _ => Activation::None,
    };
    let to = Output::new(output, activation)?;
    let (values, scale) = values.centred(input)?;
    let identity = f64::from(scale) / f64::from(to.scale);
    let integer = |value: f64| match (function, arithmetic) {
        // XNNPACK leaves it to LiteRT, and the parametric one below too.
        (Function::Relu | Function::Relu6 | Function::ReluN1To1, _) => {
            Scale::fixed(identity).times(value)
        }
        (Function::LeakyRelu { alpha }, Arithmetic::Xnnpack | Arithmetic::RealWeights) => {
            let scale = scale / to.scale;
            eight_bits(value, if value < 0.0 { scale * alpha } else { scale })
        }
        (Function::LeakyRelu { alpha }, Arithmetic::FixedPoint) => {
            let slope = if value < 0.0 { f64::from(alpha) } else { 1.0 };
            let product = Scale::fixed((identity * slope).abs()).times(value);
            if slope < 0.0 { -product } else { product }
        }
        (Function::HardSwish, _) => hard_swish(value as i64, scale, to.scale),
        // Tables of 256 values, which are computed in f32.
        _ => {
            let real = f64::from(value as f32 * scale);
            f64::from((real_function(function, real) as f32 * (1.0 / to.scale)).round())
        }
    };
    let outputs: Vec<f64> = values
        .iter()
        .map(|value| {
            to.value(match input.kind {
                Type::F32 => real_function(function, *value),
                _ => integer(*value),
            })
        })
        .collect();
    Ok(to.values(&outputs))
}

fn real_function(function: Function, x: f64) -> f64 {
    match function {
        Function::Relu | Function::Relu6 | Function::ReluN1To1 => x,
        Function::LeakyRelu { alpha } => {
            if x < 0.0 {
                x * f64::from(alpha)
            } else {
                x
            }
        }
        Function::Elu => {
            if x < 0.0 {
                x.exp_m1()
            } else {
                x
            }
        }
        Function::Logistic => 1.0 / (1.0 + (-x).exp()),
        Function::Tanh => x.tanh(),
        Function::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Function::Gelu { approximate: false } => 0.5 * x * (1.0 + libm::erf(x * FRAC_1_SQRT_2)),
        Function::Gelu { approximate: true } => {
            0.5 * x * (1.0 + (FRAC_2_PI.sqrt() * (x + 0.044_715 * x.powi(3))).tanh())
        }
    }
}

/// The hard swish in 16 bits, with seven bits more than the input has.
fn hard_swish(value: i64, scale: f32, output_scale: f32) -> f64 {
    let short = |scale: f32| match Scale::fixed(f64::from(scale)) {
        Scale::Fixed { multiplier, shift } => {
            (((multiplier + (1 << 15)) >> 16).min(i64::from(i16::MAX)), shift)
        }
        Scale::Float(_) => (0, 0),
    };
    let saturated = |number: i64| number.clamp(i16::MIN.into(), i16::MAX.into());
    let fine = scale / 128.0;
    let (of_output, output_shift) = short(fine / output_scale);
    let (of_gate, gate_shift) = short(fine / (3.0 / 32768.0));
    let input = saturated(value * 128);
    let rescaled = doubling_high(input, of_output, 15);
    // The gate is the input plus 3, over 6, with 15 bits after the point.
    let mut gate = input;
    if gate_shift > 0 {
        gate = saturated(gate << (gate_shift - 1));
    }
    gate = doubling_high(gate, of_gate, 15);
    if gate_shift > 0 {
        gate = saturated(gate << 1);
    } else {
        gate = divided(gate, -gate_shift);
    }
    let gate = (gate + (1 << 15)) >> 1;
    let product = gate * rescaled / (1 << 15);
    let product = if output_shift > 0 {
        saturated(product << output_shift)
    } else {
        divided(product, -output_shift)
    };
    product as f64
}

/// Values below 0 by slopes of their own.
pub fn prelu(inputs: &Inputs, output: &Tensor) -> Result<Value> {
    let ((input, values), (tensor, slopes)) = (inputs.get(0)?, inputs.get(1)?);
    let (values, scale) = values.centred(input)?;
    let (slopes, slope_scale) = slopes.centred(tensor)?;
    let to = Output::new(output, Activation::None)?;
    let (value_steps, slope_steps) =
        (repeated(input, &output.shape), repeated(tensor, &output.shape));
    let above = Scale::fixed(f64::from(scale) / f64::from(to.scale));
    let below = f64::from(scale) * f64::from(slope_scale) / f64::from(to.scale);
    let below = Scale::fixed(below);
    let outputs: Vec<f64> = (0..output.len())
        .map(|place| {
            let value = values[index(place, &output.shape, &value_steps)];
            let slope = slopes[index(place, &output.shape, &slope_steps)];
            to.value(match (input.kind, value >= 0.0) {
                (Type::F32, true) => value,
                (Type::F32, false) => value * slope,
                (_, true) => above.times(value),
                (_, false) => below.times(value * slope),
            })
        })
        .collect();
    Ok(to.values(&outputs))
}
