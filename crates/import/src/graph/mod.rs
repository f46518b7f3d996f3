//! A network as data: its layers with their shapes, in this project's order (channels last).

mod builder;
mod described;
mod mean;
mod window;
mod work;

pub use builder::{Builder, Layer};
pub use described::fraction;
pub use mean::{Piece, pieces};
pub use window::Window;
pub use work::{backward, forward};

use super::int8::Quantised;
use super::layout::Layout;
use super::spec::Train;
use anyhow::{Result, bail, ensure};
use std::ops::Range;
use std::sync::Arc;

/// The number of rows, of positions in a row, and of channels.
pub type Map = [usize; 3];

/// What a layer computes.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Weighted sums over windows. A dense layer is a single window over everything.
    Convolution(Window, Form),
    /// A convolution in so many groups of channels, each with its part of the filters.
    Grouped(Window, usize),
    /// A window of weights for each channel.
    Depthwise(Window),
    /// The largest value of each channel in a window.
    MaxPool(Window),
    /// The mean of each channel in a window.
    AveragePool(Window, Divisor),
    /// A scale and a shift for each channel, such as a batch normalisation that no other layer can
    /// take in; the scales are its weights and the shifts its biases.
    ScaleShift,
    /// Values that are normalised by their mean and deviation; the scales are the weights and the
    /// shifts the biases.
    LayerNorm(LayerNorm),
    /// The value, or below 0 the channel's weight times it.
    ParametricRelu,
    /// A function of each value.
    Activation(Activation),
    /// The outputs of some layers, and of those around them or the input itself, added.
    Residual {
        /// The layers.
        layers: Vec<Node>,
        /// Those around them; none where the input itself is added.
        shortcut: Vec<Node>,
    },
    /// The channels that some layers give, then those that others give, position by position.
    Concat {
        /// The layers that give the first channels; none where those are the input's.
        first: Vec<Node>,
        /// The layers that give the other channels; none where those are the input's.
        second: Vec<Node>,
    },
}

/// The type that a convolution becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `Conv2d`
    Conv2d,
    /// `Conv1d`
    Conv1d,
    /// `Dense`
    Dense,
}

/// What the sum of a window is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divisor {
    /// The number of positions in the window, with those in the padding.
    Window,
    /// The number of positions in the window that lie in the map.
    Map,
}

/// A layer normalisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerNorm {
    /// How many dimensions of the map PyTorch normalises over; 0 for the channels of each position
    /// by itself.
    pub dimensions: usize,
    /// What is added to the variance.
    pub epsilon: f32,
}

/// A function of each value.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the field's terms")]
pub enum Activation {
    Relu,
    Relu6,
    LeakyRelu { numerator: u16, denominator: u16 },
    Elu { numerator: u16, denominator: u16 },
    Tanh,
    Sigmoid,
    HardSigmoid { numerator: u16, denominator: u16 },
    Silu,
    HardSwish,
    Gelu,
}

impl Activation {
    /// Whether its slope has only two values, so that its output may take the place of its input.
    pub fn has_two_slopes(self) -> bool {
        match self {
            Self::Relu | Self::Relu6 | Self::LeakyRelu { .. } | Self::HardSigmoid { .. } => true,
            Self::Elu { .. }
            | Self::Tanh
            | Self::Sigmoid
            | Self::Silu
            | Self::HardSwish
            | Self::Gelu => false,
        }
    }
}

/// The tensors that a layer's parameters come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The part of the tensors' names before `.weight` and `.bias`.
    pub tensors: String,
    /// Whether there is a `.bias`; otherwise the biases are 0.
    pub bias: bool,
    /// The batch normalisation that is folded in, and its epsilon.
    pub batch_norm: Option<(String, f64)>,
}

impl Source {
    fn has_biases(&self) -> bool {
        self.bias || self.batch_norm.is_some()
    }
}

/// A layer with its shapes and parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The name of the layer in error messages: which one it is in the file.
    pub label: String,
    /// What it computes.
    pub operation: Operation,
    /// The shape of its input.
    pub input: Map,
    /// The shape of its output.
    pub output: Map,
    /// The range of its parameters among those of the graph: first the weights, then the biases.
    /// Layers inside it have theirs in this range.
    pub parameters: Range<usize>,
    /// How many of its parameters are biases.
    pub biases: usize,
    /// Which of its parameters are trained.
    pub train: Train,
    /// Where its parameters come from, if it has any.
    pub source: Option<Source>,
    /// Which step of a file's graph it is.
    pub step: Option<usize>,
    /// The int8 form in which it lies frozen among layers in `f32`, if it has one: a layer by
    /// itself, as a backbone.
    pub int8: Option<Arc<Quantised>>,
}

impl Node {
    /// Which of its own parameters are trained: the weights, the biases. A bias that the model does
    /// not have stays 0.
    pub fn trains(&self) -> [bool; 2] {
        let has_biases = self.source.as_ref().is_some_and(Source::has_biases);
        match self.train {
            Train::All | Train::Outputs(_) => [true, has_biases],
            Train::Biases => [false, true],
            Train::Frozen | Train::Rank(_) => [false, false],
        }
    }

    /// Its own parameters in the order in which theta and the frozen parameters have them, each
    /// part with whether it is trained.
    pub fn parts(&self) -> Vec<(Range<usize>, bool)> {
        if self.source.is_none() {
            return Vec::new();
        }
        let Range { start, end } = self.parameters;
        let biases = end - self.biases;
        let [for_weights, for_biases] = self.trains();
        let Train::Outputs([first, last]) = self.train else {
            return vec![(start..biases, for_weights), (biases..end, for_biases)];
        };
        let each = (biases - start) / self.biases.max(1);
        let cut = |all: Range<usize>, each: usize, trained: bool| {
            let [first, last] = [first, last].map(|output| all.start + output * each);
            [(all.start..first, false), (first..last, trained), (last..all.end, false)]
        };
        let weights = cut(start..biases, each, for_weights);
        [weights, cut(biases..end, 1, for_biases)].concat()
    }

    /// Checks that what is to be trained can be.
    pub fn check_train(&self) -> Result<()> {
        let label = &self.label;
        match (self.train, &self.operation) {
            (Train::Outputs([first, end]), Operation::Convolution(..)) => {
                let outputs = self.biases;
                ensure!(
                    first < end && end <= outputs,
                    "{label}: expected a range of its {outputs} outputs to train, found \
                     {first}..{end}"
                );
            }
            (Train::Outputs(_), _) => bail!(
                "{label}: expected a dense layer or a convolution without groups, where some of \
                 the outputs are to be trained"
            ),
            (Train::Rank(rank), Operation::Convolution(window, form)) => {
                ensure!(
                    *form == Form::Dense || *window == Window::one(),
                    "{label}: expected a dense layer or a convolution of windows of one position, \
                     where a low rank is to be trained"
                );
                let [inputs, outputs] = self.widths();
                let most = inputs.min(outputs);
                ensure!(
                    (1..=most).contains(&rank),
                    "{label}: expected a rank from 1 to {most}, found {rank}"
                );
            }
            (Train::Rank(_), _) => bail!(
                "{label}: expected a dense layer or a convolution of windows of one position, \
                 where a low rank is to be trained"
            ),
            (Train::All | Train::Biases | Train::Frozen, _) => {}
        }
        Ok(())
    }

    /// The inputs and outputs at a position, of a dense layer or a pointwise convolution.
    pub fn widths(&self) -> [usize; 2] {
        match self.operation {
            Operation::Convolution(_, Form::Dense) => [self.input, self.output].map(length),
            _ => [self.input[2], self.output[2]],
        }
    }

    /// The rank of the matrix that is trained beside it: 0 where there is none.
    pub fn rank(&self) -> usize {
        if let Train::Rank(rank) = self.train { rank } else { 0 }
    }

    /// The layers inside it: those of one way through it, and those of the other.
    pub fn inside(&self) -> [&[Self]; 2] {
        match &self.operation {
            Operation::Residual { layers: first, shortcut: second }
            | Operation::Concat { first, second } => [first, second],
            _ => [&[], &[]],
        }
    }
}

/// Layers that follow one another.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The name of the files and of the Rust module.
    pub name: String,
    /// How the input lies in the file that the network comes from.
    pub layout: Layout,
    /// The shape of the input.
    pub input: Map,
    /// The layers, in order.
    pub nodes: Vec<Node>,
    /// How many of the layers, from the first on, form the backbone.
    pub backbone: usize,
}

impl Graph {
    /// The number of parameters of all layers.
    pub fn parameters(&self) -> usize {
        self.nodes.last().map_or(0, |node| node.parameters.end)
    }

    /// The shape of the output.
    pub fn output(&self) -> Map {
        self.nodes.last().map_or(self.input, |node| node.output)
    }

    /// The layers of the backbone alone, as a graph.
    pub fn backbone(&self) -> Self {
        let nodes = self.nodes[..self.backbone].to_vec();
        Self { name: self.name.clone(), layout: self.layout.clone(), nodes, ..*self }
    }

    /// The same with no layer in int8.
    pub fn in_floats(&self) -> Self {
        let mut graph = self.clone();
        each_mut(&mut graph.nodes, &mut |node| node.int8 = None);
        graph
    }

    /// Every layer, those inside others as well, in the order in which they are evaluated: a layer
    /// comes after those inside it.
    pub fn every(&self) -> Vec<&Node> {
        every(&self.nodes)
    }
}

/// Changes every one of these layers. Those inside others are at most as deep as a graph allows.
fn each_mut(nodes: &mut [Node], change: &mut impl FnMut(&mut Node)) {
    for node in nodes {
        change(node);
        if let Operation::Residual { layers: first, shortcut: second }
        | Operation::Concat { first, second } = &mut node.operation
        {
            each_mut(first, change);
            each_mut(second, change);
        }
    }
}

/// Every one of these layers, as [`Graph::every`] has them.
pub fn every(nodes: &[Node]) -> Vec<&Node> {
    let mut every = Vec::new();
    // Layers that are still to be looked at, the next one last; without those inside it where that
    // is so.
    let mut stack: Vec<(&Node, bool)> = nodes.iter().rev().map(|node| (node, false)).collect();
    while let Some((node, done)) = stack.pop() {
        let [first, second] = node.inside();
        if done || (first.is_empty() && second.is_empty()) {
            every.push(node);
            continue;
        }
        stack.push((node, true));
        let inside = second.iter().rev().chain(first.iter().rev());
        stack.extend(inside.map(|node| (node, false)));
    }
    every
}

/// The number of values in a map.
pub fn length(map: Map) -> usize {
    map.iter().product()
}

/// The shape that PyTorch gives a map.
pub fn torch_shape(map: Map, dimensions: usize) -> Vec<usize> {
    let [height, width, channels] = map;
    match dimensions {
        1 => vec![length(map)],
        2 => vec![channels, width],
        _ => vec![channels, height, width],
    }
}
