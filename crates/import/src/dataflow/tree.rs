//! From steps between values to layers in a row: where ways part and meet again, they become the
//! branches of one layer.

use super::{Dataflow, Operation, Step};
use crate::graph::{self, Builder, Graph, Layer, Source};
use crate::spec::Train;
use anyhow::{Context, Result, bail, ensure};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Layers in a row, and their parameters.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The layers, all after the backbone, and all of them trained.
    pub graph: Graph,
    /// The parameters of all layers, each with its weights before its biases.
    pub parameters: Vec<f32>,
}

impl Dataflow {
    /// Makes layers of the steps.
    ///
    /// # Errors
    ///
    /// Ways that part and meet in another manner than branches do, and whatever a graph refuses.
    pub fn tree(&self, name: &str) -> Result<Tree> {
        let layout = self.values.first().context("expected an input")?.layout.clone();
        let input = layout.map();
        let [dominators, depths] = self.dominators()?;
        let mut growing = Growing {
            dataflow: self,
            dominators,
            depths,
            builder: Builder::new(input).context("the input")?,
            parameters: Vec::new(),
            laid_out: BTreeSet::new(),
        };
        growing.between(0, self.output)?;
        let Growing { builder, parameters, .. } = growing;
        let nodes = builder.finish();
        ensure!(!nodes.is_empty(), "expected at least one layer that computes something");
        let graph = Graph { name: name.to_owned(), layout, input, nodes, backbone: 0 };
        Ok(Tree { graph, parameters })
    }

    /// For each value the last one through which every way from the input to it leads, and how many
    /// of those there are.
    fn dominators(&self) -> Result<[Vec<Option<usize>>; 2]> {
        let mut dominators: Vec<Option<usize>> = vec![None; self.values.len()];
        let mut depths: Vec<Option<usize>> = vec![None; self.values.len()];
        depths[0] = Some(0);
        for step in &self.steps {
            let mut common: Option<usize> = None;
            for input in &step.inputs {
                ensure!(depths[*input].is_some(), "{}: nothing makes its input", step.label);
                common = Some(match common {
                    None => *input,
                    Some(other) => meet(*input, other, &dominators, &depths),
                });
            }
            let common = common.with_context(|| format!("{}: it has no input", step.label))?;
            dominators[step.output] = Some(common);
            depths[step.output] = depths[common].map(|depth| depth + 1);
        }
        Ok([dominators, depths])
    }
}

/// The last value through which all ways to both lead.
fn meet(
    mut one: usize,
    mut other: usize,
    dominators: &[Option<usize>],
    depths: &[Option<usize>],
) -> usize {
    while one != other {
        let deeper = if depths[one] >= depths[other] { &mut one } else { &mut other };
        match dominators[*deeper] {
            Some(before) => *deeper = before,
            // The input leads to everything.
            None => return 0,
        }
    }
    one
}

struct Growing<'a> {
    dataflow: &'a Dataflow,
    dominators: Vec<Option<usize>>,
    depths: Vec<Option<usize>>,
    builder: Builder,
    parameters: Vec<f32>,
    /// The steps that have become layers, each of them once: otherwise a few steps that part and
    /// meet again could become any number of layers.
    laid_out: BTreeSet<usize>,
}

impl Growing<'_> {
    /// Adds the layers that lead from one value to another. The builder bounds how deep branches
    /// lie in branches.
    fn between(&mut self, from: usize, to: usize) -> Result<()> {
        // The steps that all ways pass, from the last to the first.
        let mut chain = Vec::new();
        let mut value = to;
        while value != from {
            let maker = self.dataflow.maker(value).context("a value that nothing makes")?;
            chain.push(maker);
            value = self.dominators[value].context("a value that the input does not lead to")?;
        }
        while let Some(index) = chain.pop() {
            let step = &self.dataflow.steps[index];
            self.add(index, step).with_context(|| step.label.clone())?;
        }
        Ok(())
    }

    fn add(&mut self, index: usize, step: &Step) -> Result<()> {
        ensure!(
            self.laid_out.insert(index),
            "its output is used in branches that part and meet again in another manner than those \
             of a residual or a concatenation do, which this library cannot lay out"
        );
        let from = self.dominators[step.output].unwrap_or(0);
        let operation = match &step.operation {
            Operation::Layer(operation) => {
                ensure!(step.inputs.len() == 1, "expected one input, found {}", step.inputs.len());
                let source = (!step.weights.is_empty()).then(|| Source {
                    tensors: step.names.first().cloned().unwrap_or_default(),
                    bias: true,
                    batch_norm: None,
                });
                self.parameters.extend(&step.weights);
                self.parameters.extend(&step.biases);
                let operation = operation.clone();
                let filters = step.filters;
                let layer =
                    Layer { operation, filters, source, train: Train::All, step: Some(index) };
                self.builder.add(&step.label, layer)?;
                let found = self.builder.map();
                let expected = self.dataflow.values[step.output].layout.map();
                ensure!(
                    found == expected,
                    "expected an output of {expected:?} (rows, columns, channels), as the file \
                     says, found {found:?}"
                );
                return Ok(());
            }
            Operation::Add => {
                // The longer way is the one around which the other leads.
                let mut inputs = step.inputs.clone();
                inputs.sort_by_key(|input| Reverse(self.depths[*input]));
                return self.join(index, from, &inputs);
            }
            Operation::Concat => return self.join(index, from, &step.inputs),
            Operation::Pad(_) => "a padding",
            Operation::Softmax => "a softmax that is not the last step",
        };
        bail!("{operation} is not supported here")
    }

    /// Adds a layer whose branches lead from one value to these. Those after the first are together
    /// a branch of their own where they are more than one.
    fn join(&mut self, index: usize, from: usize, to: &[usize]) -> Result<()> {
        let step = &self.dataflow.steps[index];
        let (first, others) = to.split_first().context("expected an input")?;
        ensure!(!others.is_empty(), "expected two inputs, found one");
        let branch = self.builder.enter()?;
        self.between(from, *first)?;
        let first = self.builder.leave(branch);
        let branch = self.builder.enter()?;
        match others {
            [other] => self.between(from, *other)?,
            others => self.join(index, from, others)?,
        }
        let second = self.builder.leave(branch);
        let operation = match step.operation {
            Operation::Concat => graph::Operation::Concat { first, second },
            _ => graph::Operation::Residual { layers: first, shortcut: second },
        };
        // The inner ones of a sum of three have no value in the file.
        let whole = to.len() == step.inputs.len();
        let step_index = whole.then_some(index);
        self.builder.add(&step.label, Layer { step: step_index, ..Layer::of(operation) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Value;
    use super::*;
    use crate::graph::{Activation, Node};
    use crate::layout::{Layout, Order};

    /// Steps between values of two channels: each makes the value of its number and one.
    fn flow(steps: &[(Operation, &[usize])]) -> Dataflow {
        let value = |index: usize, channels| {
            let layout = Layout::new(Order::ChannelsLast, &[channels]).unwrap();
            Value { name: index.to_string(), tensor: None, layout, scale: None }
        };
        let mut values = vec![value(0, 2)];
        let steps = steps.iter().enumerate().map(|(index, (operation, inputs))| {
            let channels = match operation {
                Operation::Concat => {
                    inputs.iter().map(|input| values[*input].layout.map()[2]).sum()
                }
                _ => values[inputs[0]].layout.map()[2],
            };
            let output = index + 1;
            values.push(value(output, channels));
            Step {
                label: format!("step {output}"),
                names: Vec::new(),
                operation: operation.clone(),
                filters: 0,
                inputs: inputs.to_vec(),
                output,
                weights: Vec::new(),
                biases: Vec::new(),
                integers: None,
                fused: false,
            }
        });
        let steps: Vec<Step> = steps.collect();
        let output = steps.len();
        let (file_output, notes) = (output, Vec::new());
        Dataflow {
            output,
            file_output,
            output_layout: values[output].layout.clone(),
            ends_in_softmax: false,
            is_hybrid: false,
            takes_numbers: true,
            values,
            steps,
            notes,
        }
    }

    fn function(activation: Activation) -> Operation {
        Operation::Layer(graph::Operation::Activation(activation))
    }

    /// The layers in short: branches in brackets.
    fn shape(nodes: &[Node]) -> String {
        let one = |node: &Node| match &node.operation {
            graph::Operation::Activation(function) => format!("{function:?}"),
            graph::Operation::Residual { layers, shortcut } => {
                format!("[{} + {}]", shape(layers), shape(shortcut))
            }
            graph::Operation::Concat { first, second } => {
                format!("[{}, {}]", shape(first), shape(second))
            }
            other => format!("{other:?}"),
        };
        nodes.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    fn laid_out(steps: &[(Operation, &[usize])]) -> Result<String> {
        Ok(shape(&flow(steps).tree("net")?.graph.nodes))
    }

    const RELU: Activation = Activation::Relu;
    const TANH: Activation = Activation::Tanh;

    #[test]
    fn ways_that_part_and_meet_become_branches() -> Result<()> {
        let (relu, tanh) = (|| function(RELU), || function(TANH));
        let (add, concat) = (|| Operation::Add, || Operation::Concat);
        for (steps, expected) in [
            (vec![(relu(), &[0][..]), (tanh(), &[1])], "Relu Tanh"),
            // y = x + relu(x), in either order.
            (vec![(relu(), &[0]), (add(), &[0, 1]), (tanh(), &[2])], "[Relu + ] Tanh"),
            (vec![(relu(), &[0]), (add(), &[1, 0])], "[Relu + ]"),
            // The longer way has the shortcut beside it.
            (
                vec![(relu(), &[0]), (relu(), &[0]), (tanh(), &[2]), (add(), &[1, 3])],
                "[Relu Tanh + Relu]",
            ),
            (vec![(relu(), &[0]), (concat(), &[0, 1, 0])], "[, [Relu, ]]"),
            // Branches in branches.
            (
                vec![(relu(), &[0]), (tanh(), &[1]), (add(), &[1, 2]), (add(), &[0, 3])],
                "[Relu [Tanh + ] + ]",
            ),
            // One after the other.
            (
                vec![(relu(), &[0]), (add(), &[0, 1]), (tanh(), &[2]), (add(), &[2, 3])],
                "[Relu + ] [Tanh + ]",
            ),
        ] {
            let found = laid_out(&steps)?;
            ensure!(found == expected, "{found}, expected {expected}");
        }
        Ok(())
    }

    #[test]
    fn ways_that_cross_are_refused_by_the_step_that_would_be_there_twice() -> Result<()> {
        let said = laid_out(&[
            (function(RELU), &[0]),
            (function(TANH), &[0]),
            (function(TANH), &[1]),
            (Operation::Add, &[1, 2]),
            (Operation::Add, &[3, 4]),
        ]);
        let said = said.err().map(|error| format!("{error:#}")).unwrap_or_default();
        ensure!(said.contains("step 1: its output is used in branches that part"), "{said}");
        Ok(())
    }

    #[test]
    fn an_output_of_another_shape_than_the_file_says_is_refused() -> Result<()> {
        let mut flow = flow(&[(function(RELU), &[0])]);
        flow.values[1].layout = Layout::new(Order::ChannelsLast, &[3])?;
        let said = flow.tree("net").err().map(|error| format!("{error:#}")).unwrap_or_default();
        ensure!(said.contains("step 1: expected an output of [1, 1, 3]"), "{said}");
        Ok(())
    }
}
