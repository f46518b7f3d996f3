//! Sums: dense layers, arithmetic with constants, and two ways that meet.

use super::{Lowering, Node, ORDER, Operation, Operator, Parameters, View};
use crate::graph::{self, Activation, Form};
use crate::layout::Layout;
use anyhow::{Context, Result, bail, ensure};

impl Lowering<'_, '_> {
    pub(super) fn biases(&self, node: &Node, outputs: usize) -> Result<Vec<f32>> {
        if node.inputs.get(2).copied().flatten().is_none() {
            return Ok(vec![0.0; outputs]);
        }
        let (shape, biases) = self.numbers(node, 2, "biases")?;
        ensure!(
            biases.len() == outputs || biases.len() == 1,
            "expected {outputs} biases, found {shape:?}"
        );
        Ok(biases.iter().copied().cycle().take(outputs).collect())
    }

    /// A matrix times a vector, or times the channels of each position.
    pub(super) fn dense(
        &mut self,
        node: &Node,
        transposed: bool,
        alpha: f32,
        beta: f32,
    ) -> Result<()> {
        let View { value, layout } = self.view(node, 0)?;
        let (shape, weights) = self.numbers(node, 1, "weights")?;
        let (inputs, outputs) = match (shape, transposed) {
            ([outputs, inputs], true) | ([inputs, outputs], false) => (*inputs, *outputs),
            _ => bail!("expected a matrix of weights, found {shape:?}"),
        };
        let map = layout.map();
        let one_dimension = layout.is_vector();
        let (operation, places, out) = if one_dimension {
            let window = graph::Window { stride: [1; 2], ..graph::Window::whole(map) };
            let out = Layout::new(ORDER, &[outputs])?;
            (graph::Operation::Convolution(window, Form::Dense), layout.places(), out)
        } else {
            ensure!(
                layout.channels() == Some(layout.shape().len() - 1),
                "expected the channels in the last dimension, found {:?}",
                layout.shape()
            );
            let window = graph::Window::one();
            let operation = graph::Operation::Convolution(window, window.form(map));
            (operation, (0..map[2]).collect(), layout.with_channels(outputs))
        };
        ensure!(
            places.len() == inputs,
            "expected {} weights for each output, found {inputs}",
            places.len()
        );
        let weight = |output: usize, input: usize| {
            weights[if transposed { output * inputs + input } else { input * outputs + output }]
        };
        let of = |output| places.iter().map(move |place| alpha * weight(output, *place));
        let weights = (0..outputs).flat_map(of).collect();
        let biases = self.biases(node, outputs)?.iter().map(|bias| beta * bias).collect();
        let parameters = Parameters { filters: outputs, weights, biases };
        self.push(node, Operation::Layer(operation), vec![value], out, parameters)
    }

    /// Numbers of a constant that are one for all or one for each channel, as it is repeated along
    /// the dimensions of the first input.
    pub(super) fn by_channel(&self, node: &Node, index: usize, what: &str) -> Result<Vec<f32>> {
        let other = if index == 0 { 1 } else { 0 };
        let layout = self.view(node, other)?.layout;
        let (shape, numbers) = self.numbers(node, index, what)?;
        let dimensions = layout.shape().len() + 1;
        let missing = dimensions.checked_sub(shape.len());
        let missing = missing.with_context(|| format!("{what}: found shape {shape:?}"))?;
        let mut long = shape.iter().enumerate().filter(|(_, length)| **length != 1);
        let Some((place, length)) = long.next() else { return Ok(numbers.to_vec()) };
        let channels = layout.channels().map(|dimension| dimension + 1);
        ensure!(
            long.next().is_none()
                && channels == Some(place + missing)
                && *length == layout.map()[2],
            "expected {what} that are one for all or one for each of {} channels, found shape \
             {shape:?}",
            layout.map()[2]
        );
        Ok(numbers.to_vec())
    }

    pub(super) fn arithmetic(&mut self, node: &Node) -> Result<()> {
        let constant = [0, 1].into_iter().find(|index| self.constant(node, *index).is_some());
        let Some(index) = constant else { return self.of_two(node) };
        let View { value, layout } = self.view(node, 1 - index)?;
        let channels = layout.map()[2];
        let numbers = self.by_channel(node, index, "numbers")?;
        let each = || numbers.iter().copied().cycle().take(channels);
        let (weights, biases): (Vec<f32>, Vec<f32>) = match (&node.operator, index) {
            (Operator::Add, _) => (vec![1.0; channels], each().collect()),
            (Operator::Sub, 1) => (vec![1.0; channels], each().map(|x| -x).collect()),
            (Operator::Sub, _) => (vec![-1.0; channels], each().collect()),
            (Operator::Mul, _) => (each().collect(), vec![0.0; channels]),
            (Operator::Div, 1) => (each().map(f32::recip).collect(), vec![0.0; channels]),
            _ => bail!("a constant that is divided by what is computed has no layer here"),
        };
        ensure!(weights.iter().all(|weight| weight.is_finite()), "expected no division by 0");
        let operation = Operation::Layer(graph::Operation::ScaleShift);
        let parameters = Parameters { filters: 0, weights, biases };
        self.push(node, operation, vec![value], layout, parameters)
    }

    /// The sum of two values, or a value times a function of itself.
    pub(super) fn of_two(&mut self, node: &Node) -> Result<()> {
        let (one, other) = (self.view(node, 0)?, self.view(node, 1)?);
        ensure!(
            one.layout == other.layout,
            "expected two values of the same shape, found {:?} and {:?}",
            one.layout.shape(),
            other.layout.shape()
        );
        if node.operator == Operator::Mul {
            let product = [(&one, &other), (&other, &one)].into_iter().find_map(|(of, gate)| {
                let maker = self.lowered.steps.iter().position(|step| step.output == gate.value)?;
                let step = &self.lowered.steps[maker];
                let function = match step.operation {
                    Operation::Layer(graph::Operation::Activation(function)) => function,
                    _ => return None,
                };
                let product = match function {
                    Activation::Sigmoid => Activation::Silu,
                    Activation::HardSigmoid { numerator: 1, denominator: 6 } => {
                        Activation::HardSwish
                    }
                    _ => return None,
                };
                (step.inputs == [of.value]).then_some((maker, of.value, product))
            });
            let Some((maker, of, product)) = product else {
                bail!(
                    "the product of two values has no layer here, but that of a value and its \
                     sigmoid (SiLU) or its hard sigmoid (hard-swish)"
                );
            };
            let only = self
                .lowered
                .steps
                .iter()
                .all(|step| !step.inputs.contains(&self.lowered.steps[maker].output));
            ensure!(only, "expected its sigmoid to be used nowhere else");
            self.lowered
                .notes
                .push(format!("{} is part of {}", self.lowered.steps[maker].label, node.label));
            self.lowered.steps.remove(maker);
            let operation = Operation::Layer(graph::Operation::Activation(product));
            return self.push(node, operation, vec![of], one.layout, Parameters::default());
        }
        ensure!(
            node.operator == Operator::Add,
            "{} of two values has no layer here, only their sum has",
            node.kind
        );
        let inputs = vec![one.value, other.value];
        self.push(node, Operation::Add, inputs, one.layout, Parameters::default())
    }

    pub(super) fn concat(&mut self, node: &Node, axis: usize) -> Result<()> {
        let views: Result<Vec<View>> =
            (0..node.inputs.len()).map(|index| self.view(node, index)).collect();
        let views = views?;
        let all = |view: &View| view.layout.channels().map(|dimension| dimension + 1) == Some(axis);
        ensure!(
            views.iter().all(all),
            "expected maps that are put together by their channels, found dimension {axis}"
        );
        let channels = views.iter().map(|view| view.layout.map()[2]).sum();
        let first = views.first().context("expected an input")?;
        let layout = first.layout.with_channels(channels);
        let inputs = views.iter().map(|view| view.value).collect();
        self.push(node, Operation::Concat, inputs, layout, Parameters::default())
    }
}
