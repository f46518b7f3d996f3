//! The int8 form that a file has itself: its own weights, scales and zero points.

use super::{Clamp, Clamps, Factor, Layer, Placed, Quantised, clamps, rescale, slopes, sum, table};
use crate::dataflow::{Dataflow, Integers, Scale, Step};
use crate::graph::{Graph, Node, Operation};
use anyhow::{Context, Result, bail, ensure};
use rolling_ball::nn::int8::{LARGEST_BIAS, LONGEST_SUM};

/// The int8 form of a backbone whose steps compute with integers.
///
/// # Errors
///
/// A layer that has no int8 form, or a scale that does not fit.
pub fn kept(backbone: &Graph, dataflow: &Dataflow) -> Result<Quantised> {
    ensure!(!backbone.nodes.is_empty(), "expected at least one layer in the backbone");
    let input = dataflow.values.first().and_then(|value| value.scale);
    let input = input.context("expected an input of int8")?;
    let mut keeping = Keeping { dataflow, next: 0 };
    let (layers, output) = keeping.chain(&backbone.nodes, input)?;
    Ok(Quantised { input, output, layers })
}

struct Keeping<'a> {
    dataflow: &'a Dataflow,
    /// The index of the next layer in the order of every layer.
    next: usize,
}

impl<'a> Keeping<'a> {
    /// The int8 form of layers in a row, and the scale of their output.
    fn chain(&mut self, nodes: &[Node], input: Scale) -> Result<(Vec<Placed>, Scale)> {
        let mut layers = Vec::new();
        let mut current = input;
        let mut nodes = nodes.iter().peekable();
        while let Some(node) = nodes.next() {
            let step = self.step(node)?;
            // The rectifier that is part of an operator has the operator's output, with its scale.
            let fused = nodes.next_if(|after| self.step(after).is_ok_and(|step| step.fused));
            let activation = fused.and_then(Clamp::of);
            let output = self.dataflow.values[step.output].scale;
            let output = output.with_context(|| format!("{}: expected int8", node.label))?;
            let layer = self.layer(node, step, activation, [current, output]);
            let (index, layer) = layer.with_context(|| node.label.clone())?;
            self.next += usize::from(fused.is_some());
            layers.push(Placed { index, layer });
            current = output;
        }
        Ok((layers, current))
    }

    fn step(&self, node: &Node) -> Result<&'a Step> {
        let step = node.step.and_then(|step| self.dataflow.steps.get(step));
        step.with_context(|| format!("{}: expected a step of the file", node.label))
    }

    fn layer(
        &mut self,
        node: &Node,
        step: &Step,
        activation: Option<Clamp>,
        [input, output]: [Scale; 2],
    ) -> Result<(usize, Layer)> {
        let inside = match &node.operation {
            Operation::Residual { layers, shortcut } => {
                let one = self.chain(layers, input)?;
                let other = self.chain(shortcut, input)?;
                Some(sum(one, other, output, activation))
            }
            Operation::Concat { first, second } => {
                let shape = |nodes: &[Node]| nodes.last().map_or(node.input, |node| node.output);
                let shapes = [shape(first), shape(second)];
                let (mut first, one) = self.chain(first, input)?;
                let (mut second, other) = self.chain(second, input)?;
                first.extend(rescale(self.next, shapes[0], one, output));
                second.extend(rescale(self.next, shapes[1], other, output));
                Some(Layer::Concat { first, second })
            }
            _ => None,
        };
        let index = self.next;
        self.next += 1;
        let layer = match (inside, &node.operation) {
            (Some(layer), _) => layer,
            (_, Operation::MaxPool(_)) => {
                ensure!(
                    input == output && activation.is_none(),
                    "expected a max pool that keeps the scale"
                );
                Layer::Largest
            }
            (_, Operation::AveragePool(..)) => {
                let clamps = clamps(input, output, activation);
                // With one scale for both, the bytes themselves are averaged, and halves are
                // rounded away from the byte 0, not from the zero point.
                let clamps = match input == output {
                    true => Clamps { input_zero: 0, zero: 0, ..clamps },
                    false => clamps,
                };
                Layer::Mean { clamps, factor: Factor::nearest(input.step / output.step) }
            }
            (_, Operation::Activation(function)) => Layer::Table(table(*function, input, output)),
            (_, Operation::Convolution(..) | Operation::Grouped(..) | Operation::Depthwise(_)) => {
                affine(node, step, activation, input, output)?
            }
            (_, Operation::ParametricRelu) => {
                let integers = step.integers.as_ref().context("expected integers")?;
                let [own] = integers.weight_steps[..] else { bail!("expected a scale of slopes") };
                // They are at most 255 steps of their scale.
                let slope = |slope: &f32| (f64::from(*slope) / own).round() as i16;
                slopes(step.weights.iter().map(slope).collect(), own, [input, output])
            }
            _ => bail!("this layer has no int8 form here"),
        };
        Ok((index, layer))
    }
}

pub(super) fn affine(
    node: &Node,
    step: &Step,
    activation: Option<Clamp>,
    input: Scale,
    output: Scale,
) -> Result<Layer> {
    let integers = step.integers.as_ref().context("expected integers")?;
    let Integers { weights, weight_steps, biases } = integers;
    let outputs = node.biases;
    ensure!(
        weight_steps.len() == 1 || weight_steps.len() == outputs,
        "expected a scale for each of {outputs} outputs or one for all, found {}",
        weight_steps.len()
    );
    ensure!(
        weights.len() <= LONGEST_SUM.saturating_mul(outputs),
        "an int8 output is the sum of at most {LONGEST_SUM} products, found {}",
        weights.len() / outputs.max(1)
    );
    if let Some(bias) = biases.iter().find(|bias| bias.unsigned_abs() > LARGEST_BIAS) {
        bail!("expected biases of at most {LARGEST_BIAS} in magnitude, found {bias}");
    }
    let steps = weight_steps.iter().cycle().take(outputs);
    Ok(Layer::Affine {
        clamps: clamps(input, output, activation),
        factors: steps.map(|own| Factor::nearest(input.step * own / output.step)).collect(),
        biases: biases.clone(),
        weights: weights.clone(),
    })
}
