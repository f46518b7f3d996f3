//! A model in which every node says what it computes and every value has a shape: constants are
//! folded, and what changes nothing is gone.

use super::call::Call;
use super::fold::{dropped, fold};
use super::limits::{MOST_FOLDED, MOST_OPERATIONS, MOST_VALUES};
use super::model::{self, Model, Value, ValueId};
use super::operator::Operator;
use super::patterns;
use super::tensor::{Tensor, count};
use super::typed::{operations, typed};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;

/// An operator with what it takes and makes.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// Its name and operator in the file, for errors.
    pub label: String,
    /// The operator's name in the file, with its set before it if that is not ONNX's own.
    pub kind: String,
    pub operator: Operator,
    /// Those of ONNX's operator, in its order. An input may be left out.
    pub inputs: Vec<Option<ValueId>>,
    pub outputs: Vec<Option<ValueId>>,
    /// The attributes as they are in the file, for the engine, and operators that are not known
    /// here.
    #[cfg_attr(not(feature = "onnx-engine"), expect(dead_code, reason = "the engine reads them"))]
    pub attributes: Vec<super::attributes::Attribute<'a>>,
}

/// A model whose nodes are known.
#[derive(Clone, Debug)]
pub struct Network<'a> {
    pub inputs: Vec<ValueId>,
    /// What is asked for: the name of each output in the file, and the value that it is.
    pub outputs: Vec<(&'a str, ValueId)>,
    pub values: Vec<Value<'a>>,
    /// In an order in which they can be evaluated.
    pub nodes: Vec<Node<'a>>,
    /// What was left out, and why: a sentence for each node, for the report.
    pub dropped: Vec<String>,
    /// The initializers that no node takes.
    pub unused: Vec<&'a str>,
}

impl<'a> Network<'a> {
    /// Reads a file, folds its constants and works out its shapes. It takes at most 18 times the
    /// bytes of the file in memory, and 170 MB more, whatever is in it.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        Self::new(Model::read(bytes)?)
    }

    /// Folds the constants of a model and works out its shapes.
    pub fn new(model: Model<'a>) -> Result<Self> {
        let Model { opset, inputs, outputs, values, nodes } = model;
        let outputs = outputs.into_iter().map(|id| (values[id].name, id)).collect();
        let taken: BTreeSet<ValueId> =
            nodes.iter().flat_map(|node| node.inputs.iter().flatten().copied()).collect();
        let initializers = values.iter().enumerate().filter(|(_, value)| value.constant.is_some());
        let unused = initializers
            .filter(|(id, _)| !taken.contains(id))
            .map(|(_, value)| value.name)
            .collect();
        let mut network =
            Self { inputs, outputs, values, nodes: Vec::new(), dropped: Vec::new(), unused };
        let mut progress = Progress {
            same: (0..network.values.len()).collect(),
            values: network.inputs.iter().map(|input| network.size(*input)).sum::<Result<_>>()?,
            folded: 0,
            operations: 0,
        };
        for node in nodes {
            let label = node.label(&network.values);
            network.add(node, opset, &mut progress).with_context(|| label)?;
        }
        for (_, id) in &mut network.outputs {
            *id = progress.same[*id];
        }
        // What is needed by an output is told apart from what a pattern needs no longer.
        network.retain_needed(true);
        patterns::join(&mut network);
        network.retain_needed(false);
        Ok(network)
    }

    /// The constant that an input of a node is, if it is there and one.
    pub fn constant(&self, input: Option<ValueId>) -> Option<&Tensor> {
        self.values[input?].constant.as_ref()
    }

    /// The first node whose operator is not known here.
    pub fn unknown(&self) -> Option<&Node<'a>> {
        self.nodes.iter().find(|node| node.operator == Operator::Unknown)
    }

    fn size(&self, value: ValueId) -> Result<usize> {
        self.values[value].shape.as_deref().map_or(Ok(0), count)
    }

    fn add(
        &mut self,
        mut node: model::Node<'a>,
        opset: i64,
        progress: &mut Progress,
    ) -> Result<()> {
        for input in node.inputs.iter_mut().flatten() {
            *input = progress.same[*input];
        }
        let call = Call::new(&node, &self.values, opset);
        let own = node.domain.is_empty();
        let first = node.outputs.first().copied().flatten();
        let reached = call.inputs.iter().flatten().all(|value| value.shape.is_some());
        if own && reached {
            if let (Some(output), Some(tensor)) = (first, fold(&call)?) {
                call.attributes.finish()?;
                progress.folded += count(&tensor.shape)?;
                ensure!(
                    progress.folded <= MOST_FOLDED,
                    "expected at most {MOST_FOLDED} values in constants that are computed"
                );
                let value = &mut self.values[output];
                value.element = Some(tensor.element);
                value.shape = Some(tensor.shape.clone());
                value.constant = Some(tensor);
                return Ok(());
            }
            if let (Some(output), Some(why)) = (first, dropped(&call)?) {
                let input = node.inputs[0].context("expected an input")?;
                progress.same[output] = input;
                self.dropped.push(format!("{} is left out: {why}.", node.label(&self.values)));
                return Ok(());
            }
        }
        let typed = if own && reached { typed(&call)? } else { None };
        let operator = match typed {
            Some(typed) => {
                let made = typed.outputs.iter().map(|(shape, _)| count(shape));
                progress.values += made.sum::<Result<usize>>()?;
                progress.operations += operations(&call, &typed)?;
                progress.check()?;
                ensure!(
                    typed
                        .outputs
                        .iter()
                        .all(|(shape, _)| count(shape).is_ok_and(|count| count > 0)),
                    "it makes no values: expected at least one in every direction"
                );
                for (output, (shape, element)) in node.outputs.iter().zip(typed.outputs) {
                    let Some(output) = output else { continue };
                    self.values[*output].shape = Some(shape);
                    self.values[*output].element = element;
                }
                typed.operator
            }
            None if own && !reached => Operator::Unreached,
            None => Operator::Unknown,
        };
        let label = node.label(&self.values);
        let kind = match node.domain {
            "" => node.operator.to_owned(),
            domain => format!("{domain}.{}", node.operator),
        };
        let model::Node { inputs, outputs, attributes, .. } = node;
        self.nodes.push(Node { label, kind, operator, inputs, outputs, attributes });
        Ok(())
    }

    /// Removes the nodes that no output needs, and reports them on request.
    fn retain_needed(&mut self, report: bool) {
        let mut needed = vec![false; self.values.len()];
        for (_, output) in &self.outputs {
            needed[*output] = true;
        }
        let mut kept = Vec::with_capacity(self.nodes.len());
        for node in std::mem::take(&mut self.nodes).into_iter().rev() {
            if node.outputs.iter().flatten().any(|output| needed[*output]) {
                for input in node.inputs.iter().flatten() {
                    needed[*input] = true;
                }
                kept.push(node);
            } else if report {
                self.dropped.push(format!("{} is left out: no output needs it.", node.label));
            }
        }
        kept.reverse();
        self.nodes = kept;
    }
}

/// What has been counted so far.
struct Progress {
    /// The value that each value is the same as.
    same: Vec<ValueId>,
    /// The values of all inputs and outputs of nodes.
    values: usize,
    /// The values of constants that were computed.
    folded: usize,
    operations: u128,
}

impl Progress {
    fn check(&self) -> Result<()> {
        ensure!(
            self.values <= MOST_VALUES,
            "expected at most {MOST_VALUES} values in the input and the outputs of all nodes, \
             found {} up to this one",
            self.values
        );
        ensure!(
            self.operations <= MOST_OPERATIONS,
            "expected at most {MOST_OPERATIONS} products and sums for an input in all nodes, \
             found {} up to this one",
            self.operations
        );
        Ok(())
    }
}
