//! Layers with weights, as numbers and as the integers of the file.

use super::{Integers, Lowering, Operator, Tensor, Type, Weighted, convert};
use crate::graph::{self, Form};
use crate::tflite;
use anyhow::{Context, Result, bail, ensure};

impl Lowering<'_, '_> {
    pub(super) fn convolution(
        &self,
        operator: &Operator,
        window: &tflite::Window,
    ) -> Result<Weighted> {
        let map = self.view(operator, 0)?.layout.map();
        let weights = self.tensor(operator, 1).context("expected weights")?;
        let [filters, _, _, each] = weights.shape[..] else { bail!("expected weights of a map") };
        let window = convert(window);
        let operation = if each == map[2] {
            graph::Operation::Convolution(window, window.form(map))
        } else {
            graph::Operation::Grouped(window, map[2] / each.max(1))
        };
        self.weighted(operator, operation, filters, |values| values)
    }

    pub(super) fn depthwise(
        &self,
        operator: &Operator,
        window: &tflite::Window,
        multiplier: usize,
    ) -> Result<Weighted> {
        let map = self.view(operator, 0)?.layout.map();
        let window = convert(window);
        let filters = map[2] * multiplier;
        if multiplier == 1 && map[2] > 1 {
            let operation = graph::Operation::Depthwise(window);
            return self.weighted(operator, operation, 0, |values| values);
        }
        let operation = if map[2] == 1 {
            graph::Operation::Convolution(window, window.form(map))
        } else {
            graph::Operation::Grouped(window, map[2])
        };
        // The filters take turns in the file, and follow one another here.
        let positions = window.positions();
        self.weighted(operator, operation, filters, move |places: Vec<usize>| {
            let turn = |filter| (0..positions).map(move |position| position * filters + filter);
            (0..filters).flat_map(turn).map(|place| places[place]).collect()
        })
    }

    pub(super) fn dense(&self, operator: &Operator) -> Result<Weighted> {
        let layout = self.view(operator, 0)?.layout;
        let map @ [rows, columns, channels] = layout.map();
        let weights = self.tensor(operator, 1).context("expected weights")?;
        let [outputs, inputs] = weights.shape[..] else { bail!("expected a matrix of weights") };
        let one = graph::Window::one();
        let operation = if inputs == rows * columns * channels {
            let window = graph::Window { stride: [1; 2], ..graph::Window::whole(map) };
            graph::Operation::Convolution(window, Form::Dense)
        } else {
            ensure!(
                inputs == channels,
                "expected {channels} weights an output, or one for each value, found {inputs}"
            );
            graph::Operation::Convolution(one, one.form(map))
        };
        self.weighted(operator, operation, outputs, |values| values)
    }

    /// Weights and biases as numbers and, where the values are integers, as integers. `order` gives
    /// for each place here the place in the file.
    pub(super) fn weighted(
        &self,
        operator: &Operator,
        operation: graph::Operation,
        filters: usize,
        order: impl Fn(Vec<usize>) -> Vec<usize>,
    ) -> Result<Weighted> {
        let input = &self.lowered.values[self.view(operator, 0)?.value];
        let weights = self.tensor(operator, 1).context("expected weights")?;
        let outputs = if filters == 0 { input.layout.map()[2] } else { filters };
        let places = order((0..weights.len()).collect());
        let floats = numbers(weights).context("the weights")?;
        let reordered = places.iter().map(|place| floats[*place]).collect();
        let bias = self.tensor(operator, 2);
        let biases = match bias {
            Some(bias) => numbers(bias).context("the biases")?,
            None => vec![0.0; outputs],
        };
        ensure!(biases.len() == outputs, "expected {outputs} biases, found {}", biases.len());
        let integers = match input.scale {
            None => None,
            Some(_) => {
                ensure!(weights.kind == Type::I8, "expected weights of int8 on values of int8");
                let bytes = weights.data.context("expected constant weights")?;
                let quantisation =
                    weights.quantisation.as_ref().context("expected scales of the weights")?;
                ensure!(
                    quantisation.zeros.iter().all(|zero| *zero == 0),
                    "expected weights whose zero point is 0"
                );
                let biases = match bias {
                    None => vec![0; outputs],
                    Some(bias) => {
                        ensure!(bias.kind == Type::I32, "expected biases of int32 on int8");
                        let bytes = bias.data.context("expected constant biases")?.as_chunks().0;
                        bytes.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect()
                    }
                };
                Some(Integers {
                    weights: places.iter().map(|place| bytes[*place].cast_signed()).collect(),
                    weight_steps: quantisation.scales.iter().copied().map(f64::from).collect(),
                    biases,
                })
            }
        };
        Ok(Weighted { operation, filters, weights: reordered, biases, integers })
    }
}

/// The numbers that a constant stands for.
pub(super) fn numbers(tensor: &Tensor) -> Result<Vec<f32>> {
    let data = tensor.data.with_context(|| format!("{}: expected a constant", tensor.name))?;
    let scale = |index: usize| -> (f64, f64) {
        let Some(quantisation) = &tensor.quantisation else { return (1.0, 0.0) };
        // Where there are several, each is for one index of a dimension.
        let after: usize = tensor.shape.iter().skip(quantisation.dimension + 1).product();
        let extent = tensor.shape.get(quantisation.dimension).copied().unwrap_or(1);
        let (scale, zero) = quantisation.of(index / after.max(1) % extent.max(1));
        (f64::from(scale), zero as f64)
    };
    let number = |(index, integer): (usize, f64)| {
        let (step, zero) = scale(index);
        ((integer - zero) * step) as f32
    };
    let numbers: Vec<f32> = match tensor.kind {
        Type::F32 => data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        Type::I8 => {
            data.iter().map(|byte| f64::from(byte.cast_signed())).enumerate().map(number).collect()
        }
        Type::I32 => {
            let integers = data.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes));
            integers.map(f64::from).enumerate().map(number).collect()
        }
        other => bail!("{}: expected float32, int8 or int32, found {other}", tensor.name),
    };
    ensure!(
        numbers.iter().all(|number| number.is_finite()),
        "{}: expected finite numbers",
        tensor.name
    );
    Ok(numbers)
}
