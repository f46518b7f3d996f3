//! Weighted sums: what weights, biases and scales do to them, and layers of one sum an output.

use super::super::model::{Activation, Quantisation, Tensor, Type};
use super::hybrid::Dynamic;
use super::rescale::{Output, Scale};
use super::value::Value;
use super::{Arithmetic, Inputs};
use anyhow::{Context, Result};

/// What is multiplied and added up, and how the sums become outputs.
pub struct Sums {
    /// The inputs without their zero.
    pub input: Vec<f64>,
    /// The weights; their zero is 0.
    pub weights: Vec<f64>,
    /// What is added to the sums, one number for each filter.
    biases: Vec<f64>,
    scaling: Scaling,
    output: Output,
}

enum Scaling {
    /// The sums are real numbers, and stay as they are.
    Real,
    /// The sums are integers, and those of each filter have a scale of their own.
    Integers(Vec<Scale>),
    /// The sums are integers that stand for real numbers: there is a factor for each sample, and
    /// one for each filter.
    Hybrid(Vec<f64>, Vec<f64>),
}

impl Sums {
    /// Prepares an operator that has an input, weights with so many filters, and maybe a bias.
    /// Int8 weights see real numbers as `dynamic` says, or as they are.
    pub fn new(
        inputs: &Inputs,
        output: &Tensor,
        filters: usize,
        dynamic: Option<Dynamic>,
        activation: Activation,
        arithmetic: Arithmetic,
    ) -> Result<Self> {
        let ((input, values), (tensor, weights)) = (inputs.get(0)?, inputs.get(1)?);
        let output = Output::new(output, activation)?;
        let biases = inputs.optional(2).map_or(vec![0.0; filters], |(_, bias)| bias.stored());
        let of_weights = tensor.quantisation.as_ref();
        let (mut input_values, input_scale) = values.centred(input)?;
        let weights = weights.stored();
        let scaling = match (input.kind, tensor.kind) {
            (Type::F32, Type::F32) => Scaling::Real,
            (Type::F32, _) => {
                let quantisation = of_weights.context("its weights have no scale")?;
                let scales = scales(quantisation, filters);
                let samples = dynamic.map(|dynamic| dynamic.quantise(&mut input_values));
                Scaling::Hybrid(samples.unwrap_or_else(|| vec![1.0]), scales)
            }
            _ => {
                let quantisation = of_weights.context("its weights have no scale")?;
                let scale = |filter: usize| match arithmetic {
                    Arithmetic::Xnnpack | Arithmetic::RealWeights => {
                        f64::from(input_scale * quantisation.of(filter).0 / output.scale)
                    }
                    Arithmetic::FixedPoint => {
                        f64::from(input_scale) * f64::from(quantisation.of(filter).0)
                            / f64::from(output.scale)
                    }
                };
                let scale = |filter| Scale::new(scale(filter), arithmetic);
                Scaling::Integers((0..filters).map(scale).collect())
            }
        };
        Ok(Self { input: input_values, weights, biases, scaling, output })
    }

    /// The output for the sum of a filter at one of so many places, which belong to the samples in
    /// turn.
    pub fn output(&self, sum: f64, filter: usize, [place, places]: [usize; 2]) -> f64 {
        let bias = self.biases[filter];
        self.output.value(match &self.scaling {
            Scaling::Real => sum + bias,
            Scaling::Integers(scales) => scales[filter].times(sum + bias),
            Scaling::Hybrid(samples, filters) => {
                let sample = place * samples.len() / places;
                sum * samples[sample] * filters[filter] + bias
            }
        })
    }

    /// The values of the outputs.
    pub fn values(&self, outputs: &[f64]) -> Value {
        self.output.values(outputs)
    }
}

fn scales(quantisation: &Quantisation, filters: usize) -> Vec<f64> {
    (0..filters).map(|filter| f64::from(quantisation.of(filter).0)).collect()
}

/// A dense layer, over the last values of the input.
pub fn fully_connected(
    asymmetric: bool,
    activation: Activation,
    inputs: &Inputs,
    output: &Tensor,
    arithmetic: Arithmetic,
) -> Result<Value> {
    let weights = &inputs.get(1)?.0.shape;
    let (filters, length) = (weights[0], weights[1]);
    let samples = inputs.get(0)?.0.len() / length;
    let asymmetric = asymmetric || arithmetic == Arithmetic::Xnnpack;
    let dynamic = Dynamic { samples, asymmetric };
    let dynamic = (arithmetic != Arithmetic::RealWeights).then_some(dynamic);
    let sums = Sums::new(inputs, output, filters, dynamic, activation, arithmetic)?;
    let mut outputs = Vec::with_capacity(output.len());
    for (sample, values) in sums.input.chunks_exact(length).enumerate() {
        for (filter, weights) in sums.weights.chunks_exact(length).enumerate() {
            let sum = values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
            outputs.push(sums.output(sum, filter, [sample, samples]));
        }
    }
    Ok(sums.values(&outputs))
}
