//! What is done to values: sums, products, zeros around a map, and changes of scale.

use super::{Lowering, ORDER, Operation, Operator, Step, View, numbers, scale};
use crate::graph;
use crate::tflite::{self, Binary};
use anyhow::{Result, bail, ensure};

impl Lowering<'_, '_> {
    pub(super) fn binary(
        &mut self,
        operator: &Operator,
        binary: Binary,
        activation: tflite::Activation,
    ) -> Result<()> {
        let constant = |index: usize| {
            self.tensor(operator, index)
                .filter(|tensor| tensor.data.is_some())
                .map(|tensor| (index, tensor))
        };
        let Some((index, constant)) = constant(0).or_else(|| constant(1)) else {
            let (one, other) = (self.view(operator, 0)?, self.view(operator, 1)?);
            ensure!(
                binary == Binary::Add && one.layout.shape() == other.layout.shape(),
                "expected the sum of two values of the same shape, found {:?} and {:?}",
                one.layout.shape(),
                other.layout.shape()
            );
            let inputs = vec![one.value, other.value];
            return self.step(operator, Operation::Add, inputs, activation);
        };
        let view = self.view(operator, 1 - index)?;
        let numbers = numbers(constant)?;
        let channels = view.layout.map()[2];
        ensure!(
            numbers.len() == 1
                || numbers.len() == channels && constant.shape.last() == Some(&channels),
            "expected a number for each of {channels} channels or one for all, found {:?}",
            constant.shape
        );
        let each: Vec<f32> = numbers.iter().copied().cycle().take(channels).collect();
        let sign = if index == 0 && binary == Binary::Subtract { -1.0 } else { 1.0 };
        let (weights, biases) = match binary {
            Binary::Multiply => (each, vec![0.0; channels]),
            Binary::Add => (vec![1.0; channels], each),
            // What is subtracted from, or what is subtracted.
            Binary::Subtract if index == 0 => (vec![sign; channels], each),
            Binary::Subtract => (vec![1.0; channels], each.iter().map(|x| -x).collect()),
        };
        let step = Step {
            operation: Operation::Layer(graph::Operation::ScaleShift),
            weights,
            biases,
            ..self.unfinished(operator, vec![view.value])
        };
        self.push(operator, step, activation)
    }

    pub(super) fn pad(&mut self, operator: &Operator, amounts: &[[usize; 2]]) -> Result<()> {
        let view = self.view(operator, 0)?;
        let value = self.tensor(operator, 2).map(numbers).transpose()?;
        ensure!(
            value.is_none_or(|value| value == [0.0]),
            "expected zeros around the map, found another number"
        );
        let sides = match amounts {
            [[0, 0], rows, columns, [0, 0]] => [*rows, *columns],
            [[0, 0], moments, [0, 0]] => [[0; 2], *moments],
            _ => bail!("expected zeros around rows and columns only, found {amounts:?}"),
        };
        ensure!(view.layout.is(ORDER), "expected the channels in the last dimension");
        self.step(operator, Operation::Pad(sides), vec![view.value], tflite::Activation::None)
    }

    /// What turns integers into numbers or back, or into other integers for the same numbers.
    pub(super) fn rescale(&mut self, operator: &Operator) -> Result<()> {
        let View { value, layout } = self.view(operator, 0)?;
        let to = scale(&self.model.tensors[operator.outputs[0]])?;
        let own = &mut self.lowered.values[value];
        match (own.scale, to) {
            // The first step of a network that is given numbers.
            (None, Some(scale)) if value == 0 && self.lowered.steps.is_empty() => {
                own.scale = Some(scale)
            }
            (Some(one), Some(other)) if one == other => {}
            (_, None) => {}
            _ => bail!("a change of scale within the network has no layer here"),
        }
        self.lowered.notes.push(format!("{} computes nothing here", self.label(operator)));
        self.show(operator, View { value, layout });
        Ok(())
    }
}
