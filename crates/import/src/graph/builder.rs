//! A graph that grows layer by layer, within limits.

use super::{Map, Node, Operation, Source, Window, length};
use crate::limits::{MOST_OPERATIONS, MOST_VALUES};
use crate::spec::Train;
use anyhow::{Context, Result, ensure};
use std::mem::{replace, take};

/// The most layers of a network.
pub const MOST_LAYERS: usize = 256;

/// How deep layers may lie in others.
const DEEPEST: usize = 16;

/// A graph that grows layer by layer.
#[derive(Debug)]
pub struct Builder {
    map: Map,
    nodes: Vec<Node>,
    /// The number of parameters so far.
    parameters: usize,
    /// The number of values of the input and of all outputs.
    values: usize,
    /// The number of products and sums for an input.
    operations: u128,
    /// The number of layers.
    layers: usize,
    depth: usize,
}

/// A layer that is to be added.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What it computes. Layers inside it have been added already.
    pub operation: Operation,
    /// The number of a convolution's filters, or of a dense layer's outputs.
    pub filters: usize,
    /// Where its parameters come from, if it has any.
    pub source: Option<Source>,
    /// Which of its parameters are trained.
    pub train: Train,
    /// Which step of a file's graph it is.
    pub step: Option<usize>,
}

impl Layer {
    /// A layer without parameters.
    pub fn of(operation: Operation) -> Self {
        Self { operation, filters: 0, source: None, train: Train::Frozen, step: None }
    }
}

/// Layers that wait while others are added which lie beside them.
#[derive(Debug)]
pub struct Branch {
    nodes: Vec<Node>,
    input: Map,
}

impl Builder {
    /// A graph of no layers yet, with an input of this shape.
    pub fn new(input: Map) -> Result<Self> {
        check_map(input)?;
        Ok(Self {
            map: input,
            nodes: Vec::new(),
            parameters: 0,
            values: length(input),
            operations: 0,
            layers: 0,
            depth: 0,
        })
    }

    /// The shape of the output so far.
    pub fn map(&self) -> Map {
        self.map
    }

    /// The layers so far, in this branch.
    pub fn nodes(&mut self) -> &mut [Node] {
        &mut self.nodes
    }

    /// All layers.
    pub fn finish(self) -> Vec<Node> {
        self.nodes
    }

    /// Begins a branch, whose input is the output so far.
    pub fn enter(&mut self) -> Result<Branch> {
        self.depth += 1;
        ensure!(self.depth <= DEEPEST, "expected layers at most {DEEPEST} deep in others");
        Ok(Branch { nodes: take(&mut self.nodes), input: self.map })
    }

    /// Ends a branch and gives its layers. The next layer's input is that of the branch again.
    pub fn leave(&mut self, branch: Branch) -> Vec<Node> {
        self.depth -= 1;
        self.map = branch.input;
        replace(&mut self.nodes, branch.nodes)
    }

    /// Adds a layer.
    pub fn add(&mut self, label: &str, layer: Layer) -> Result<()> {
        let Layer { operation, filters, source, train, step } = layer;
        let input = self.map;
        self.layers += 1;
        ensure!(self.layers <= MOST_LAYERS, "expected at most {MOST_LAYERS} layers, found more");
        let output = output(&operation, input, filters)?;
        check_map(output)?;
        // Neither side is above MOST_VALUES: the sum does not overflow.
        self.values += length(output);
        ensure!(
            self.values <= MOST_VALUES,
            "expected at most {MOST_VALUES} values in the input and the outputs of all layers, \
             found {} up to this one",
            self.values
        );
        self.operations += operations(&operation, input, output);
        ensure!(
            self.operations <= MOST_OPERATIONS,
            "expected at most {MOST_OPERATIONS} products and sums for an input in all layers, \
             found {} up to this one",
            self.operations
        );
        let (weights, biases) = parameters(&operation, input, filters)?;
        let inside = first_parameter(&operation);
        let start = inside.unwrap_or(self.parameters);
        let end = self.parameters + weights + biases;
        ensure!(end <= MOST_VALUES, "expected at most {MOST_VALUES} parameters in all");
        self.parameters = end;
        // Layers without parameters have nothing to train or to freeze.
        let train = if source.is_some() { train } else { Train::All };
        let label = label.to_owned();
        let (parameters, int8) = (start..end, None);
        let node =
            Node { label, operation, input, output, parameters, biases, train, source, step, int8 };
        node.check_train()?;
        self.nodes.push(node);
        self.map = output;
        Ok(())
    }
}

/// Where the parameters of the layers inside a layer begin, where there are some inside.
fn first_parameter(operation: &Operation) -> Option<usize> {
    match operation {
        Operation::Residual { layers: first, shortcut: second }
        | Operation::Concat { first, second } => {
            first.iter().chain(second).map(|node| node.parameters.start).min()
        }
        _ => None,
    }
}

/// The shape of a layer's output.
fn output(operation: &Operation, input: Map, filters: usize) -> Result<Map> {
    let channels = input[2];
    Ok(match operation {
        Operation::Convolution(window, _) => {
            ensure!(filters > 0, "expected at least one filter or output");
            window.slide(input, filters)?
        }
        Operation::Grouped(window, groups) => {
            ensure!(
                *groups > 0
                    && filters > 0
                    && channels.is_multiple_of(*groups)
                    && filters.is_multiple_of(*groups),
                "expected a number of groups that divides the {channels} channels and the \
                 {filters} filters, found {groups}"
            );
            window.slide(input, filters)?
        }
        Operation::Depthwise(window)
        | Operation::MaxPool(window)
        | Operation::AveragePool(window, _) => window.slide(input, channels)?,
        Operation::ScaleShift
        | Operation::LayerNorm(_)
        | Operation::ParametricRelu
        | Operation::Activation(_) => input,
        Operation::Residual { layers, shortcut } => {
            let (one, other) = (end(layers, input), end(shortcut, input));
            ensure!(
                one == other,
                "expected the layers and the shortcut to give the same shape, found {one:?} and \
                 {other:?} (rows, columns, channels)"
            );
            one
        }
        Operation::Concat { first, second } => {
            let ([h, w, c], [rows, columns, more]) = (end(first, input), end(second, input));
            ensure!(
                (h, w) == (rows, columns),
                "expected branches of the same rows and columns, found {h} x {w} and {rows} x \
                 {columns}"
            );
            [h, w, c.saturating_add(more)]
        }
    })
}

/// The shape of the output of some layers in a row.
fn end(nodes: &[Node], input: Map) -> Map {
    nodes.last().map_or(input, |node| node.output)
}

/// The numbers of a layer's own weights and biases.
fn parameters(operation: &Operation, input: Map, filters: usize) -> Result<(usize, usize)> {
    let channels = input[2];
    let of = |window: &Window, channels: usize| {
        product(&[window.size[0], window.size[1], channels, filters.max(1)])
    };
    Ok(match operation {
        Operation::Convolution(window, _) => (of(window, channels)?, filters),
        Operation::Grouped(window, groups) => (of(window, channels / groups)?, filters),
        Operation::Depthwise(window) => (of(window, channels)?, channels),
        Operation::ScaleShift => (channels, channels),
        Operation::LayerNorm(norm) => {
            let count = if norm.dimensions == 0 { channels } else { length(input) };
            (count, count)
        }
        Operation::ParametricRelu => (channels, 0),
        Operation::MaxPool(_)
        | Operation::AveragePool(..)
        | Operation::Activation(_)
        | Operation::Residual { .. }
        | Operation::Concat { .. } => (0, 0),
    })
}

/// The number of products and sums that an output of this shape needs, with those in the padding.
fn operations(operation: &Operation, input: Map, output: Map) -> u128 {
    let each = match operation {
        Operation::Convolution(Window { size, .. }, _) => vec![size[0], size[1], input[2]],
        Operation::Grouped(Window { size, .. }, groups) => {
            vec![size[0], size[1], input[2] / groups]
        }
        Operation::Depthwise(Window { size, .. })
        | Operation::MaxPool(Window { size, .. })
        | Operation::AveragePool(Window { size, .. }, _) => size.to_vec(),
        _ => Vec::new(),
    };
    // Three numbers of at most MOST_VALUES, and three whose product is: at most 2^96.
    each.into_iter().chain(output).map(|factor| factor as u128).product()
}

fn check_map(map: Map) -> Result<()> {
    ensure!(product(&map)? > 0, "expected at least one value in every direction");
    Ok(())
}

fn product(factors: &[usize]) -> Result<usize> {
    let product = factors.iter().try_fold(1usize, |product, factor| product.checked_mul(*factor));
    product.filter(|product| *product <= MOST_VALUES).with_context(|| {
        let sizes: Vec<String> = factors.iter().map(ToString::to_string).collect();
        format!("expected at most {MOST_VALUES} values, found {}", sizes.join(" x "))
    })
}
