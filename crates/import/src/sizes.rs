//! What a network takes of a board, computed as its types will say it.

use super::graph::{Form, Graph, Map, Node, Operation, Piece, Window, every, length, pieces};
use super::int8::{Layer, Placed, Quantised};

/// What an imported network has and takes; see [`Imported::sizes`](crate::Imported::sizes). The
/// first five are equal to the constants of `Network` of the same meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The values of an input.
    pub inputs: usize,
    /// The outputs, which are the classes of a classifier.
    pub outputs: usize,
    /// The parameters that are trained.
    pub parameters: usize,
    /// The floats of the scratch slice of a training.
    pub scratch: usize,
    /// The values that the frozen backbone makes of an input, for what is trained to learn from.
    pub features: usize,
    /// The bytes that they take where they are kept: one each of an int8 backbone, else four.
    pub feature_bytes: usize,
    /// The bytes of flash of all numbers: the backbone, the frozen parameters after it, and theta
    /// to start from.
    pub flash_bytes: usize,
}

impl Sizes {
    /// The bytes of RAM for training with the ball: theta, its two vectors and scratch, equal to
    /// `Network::RAM_BYTES`.
    #[must_use]
    pub fn ram_bytes(&self) -> usize {
        ram_bytes(self.parameters, self.scratch)
    }
}

/// The parameters after the backbone, by where they are stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Theta: the parameters that are trained.
    pub theta: Vec<f32>,
    /// The parameters that are not trained.
    pub frozen: Vec<f32>,
}

/// Splits the parameters of the layers after the backbone. A matrix beside a layer begins as the
/// core's `LowRank` is initialised, from the same numbers every time.
pub fn split(graph: &Graph, parameters: &[f32]) -> Split {
    let (mut theta, mut frozen) = (Vec::new(), Vec::new());
    let mut random = oorandom::Rand32::new(1);
    for node in every(&graph.nodes[graph.backbone..]) {
        match &node.int8 {
            Some(int8) => frozen.extend(int8.floats()),
            None => {
                for (part, trained) in node.parts() {
                    let to = if trained { &mut theta } else { &mut frozen };
                    to.extend_from_slice(&parameters[part]);
                }
            }
        }
        let [inputs, outputs] = node.widths();
        let bound = (6.0 / inputs as f32).sqrt();
        let inner = (0..node.rank() * inputs).map(|_| bound * (2.0 * random.rand_float() - 1.0));
        theta.extend(inner);
        theta.resize(theta.len() + outputs * node.rank(), 0.0);
    }
    Split { theta, frozen }
}

/// Puts theta in its places among the parameters of all layers. A matrix beside a layer is added to
/// the layer's weights.
pub fn put_theta(graph: &Graph, theta: &[f32], parameters: &mut [f32]) {
    let mut theta = theta.iter();
    for node in every(&graph.nodes[graph.backbone..]) {
        for (part, _) in node.parts().into_iter().filter(|(_, trained)| *trained) {
            parameters[part].iter_mut().zip(&mut theta).for_each(|(value, new)| *value = *new);
        }
        let ([inputs, outputs], rank) = (node.widths(), node.rank());
        if rank == 0 {
            continue;
        }
        let mut next = |count: usize| theta.by_ref().take(count).copied().collect::<Vec<f32>>();
        let (inner, outer) = (next(rank * inputs), next(outputs * rank));
        let weights = parameters[node.parameters.clone()].chunks_mut(inputs);
        for (weights, outer) in weights.zip(outer.chunks(rank)) {
            for (input, weight) in weights.iter_mut().enumerate() {
                let column = inner.iter().skip(input).step_by(inputs);
                *weight += outer.iter().zip(column).map(|(b, a)| b * a).sum::<f32>();
            }
        }
    }
}

/// The number of parameters that are trained, equal to `Network::PARAMETERS`.
pub fn trained(graph: &Graph) -> usize {
    every(&graph.nodes[graph.backbone..]).into_iter().map(Node::trained).sum()
}

/// What the layers after the backbone see of a sample, equal to `Network::FEATURES`, and the bytes
/// that this takes, equal to `Network::FEATURE_BYTES`.
pub fn features(graph: &Graph, int8: bool) -> [usize; 2] {
    let layers = &graph.nodes[graph.backbone..];
    let features = length(layers.first().map_or(graph.output(), |node| node.input));
    [features, if int8 { features } else { 4 * features }]
}

/// The floats of scratch, equal to `Network::SCRATCH`.
pub fn scratch(graph: &Graph, int8: Option<&Quantised>) -> usize {
    let (backbone, layers) = graph.nodes.split_at(graph.backbone);
    let inside = match int8 {
        Some(quantised) => Bytes::of(&every(backbone), &quantised.layers).scratch(),
        None if backbone.is_empty() => 0,
        None => Floats::of(backbone, graph.input, true).inference(),
    };
    let input = layers.first().map_or(graph.output(), |node| node.input);
    let Floats { inputs, outputs, activations, .. } = Floats::after_backbone(layers, input);
    // The backbone is done before the layers begin.
    inputs + inside.max(activations + outputs)
}

/// The bytes of RAM for training with the ball, equal to `Network::RAM_BYTES`.
pub fn ram_bytes(theta: usize, scratch: usize) -> usize {
    4 * (3 * theta + scratch)
}

/// What a layer needs where its output lies in one of two buffers that take turns.
#[derive(Clone, Copy, Debug)]
struct Turns {
    kept: usize,
    /// The one that the output is in, and the other one.
    buffers: [usize; 2],
}

/// What a layer in `f32` says of itself: the constants of the same names of
/// [`Layer`](rolling_ball::nn::Layer).
#[derive(Clone, Copy, Debug)]
struct Floats {
    inputs: usize,
    outputs: usize,
    activations: usize,
    in_place: Option<usize>,
    forgets_input: bool,
    turns: Turns,
    spends_gradient: bool,
    buffers: [usize; 2],
    ends_in_back: bool,
    inside: usize,
    passes_through: bool,
}

impl Floats {
    /// Layers in a row, whose input is a map of this shape. Those inside others are at most as deep
    /// as a graph allows. The types of a backbone do not say that it is frozen.
    fn of(nodes: &[Node], input: Map, in_backbone: bool) -> Self {
        let layers = nodes.iter().map(|node| Self::layer(node, in_backbone));
        layers.reduce(Self::then).unwrap_or_else(|| Self::identity(length(input)))
    }

    /// The layers after the backbone.
    fn after_backbone(nodes: &[Node], input: Map) -> Self {
        let of = |piece: Piece| match piece {
            Piece::Layer(node) => Self::layer(node, false),
            Piece::Mean { input, layers } => {
                let one = Self::of(&layers, [1, 1, input[2]], false);
                let positions = input[0] * input[1];
                let activations = positions * one.activations + one.outputs;
                let forgets_input = one.forgets_input;
                Self { forgets_input, ..Self::single(length(input), one.outputs, activations) }
            }
        };
        let layers = pieces(nodes).into_iter().map(of);
        layers.reduce(Self::then).unwrap_or_else(|| Self::identity(length(input)))
    }

    fn identity(length: usize) -> Self {
        let buffers = [length, 0];
        let (passes_through, forgets_input) = (true, true);
        let single = Self::single(length, length, 0);
        Self { buffers, ends_in_back: false, passes_through, forgets_input, ..single }
    }

    fn single(inputs: usize, outputs: usize, activations: usize) -> Self {
        Self {
            inputs,
            outputs,
            activations,
            in_place: None,
            forgets_input: false,
            turns: Turns { kept: activations, buffers: [outputs, 0] },
            spends_gradient: false,
            buffers: [inputs, outputs],
            ends_in_back: true,
            inside: activations,
            passes_through: false,
        }
    }

    /// A layer whose output takes the place of its input: in a prediction, and in a training with
    /// so many floats beside it.
    fn in_place(length: usize, in_place: Option<usize>) -> Self {
        let buffers = [length, 0];
        Self { in_place, buffers, ends_in_back: false, ..Self::single(length, length, 0) }
    }

    fn layer(node: &Node, in_backbone: bool) -> Self {
        let (inputs, outputs) = (length(node.input), length(node.output));
        let [first, second] = node.inside().map(|nodes| Self::of(nodes, node.input, in_backbone));
        if node.int8.is_some() {
            let positions = outputs / node.widths()[1].max(1);
            let kept = int8_activations(node) + positions * node.rank();
            return Self { forgets_input: node.rank() == 0, ..Self::single(inputs, outputs, kept) };
        }
        let forgets_input = match node.operation {
            Operation::Convolution(..)
            | Operation::Grouped(..)
            | Operation::Depthwise(_)
            | Operation::ScaleShift => {
                let trains_weights = in_backbone || node.trains()[0];
                !trains_weights && node.rank() == 0
            }
            Operation::AveragePool(..) => true,
            Operation::MaxPool(window) => overlaps(window),
            Operation::Residual { .. } | Operation::Concat { .. } => {
                first.forgets_input && second.forgets_input
            }
            _ => false,
        };
        let layer = match &node.operation {
            // Where windows overlap, it keeps the place of each maximum.
            Operation::MaxPool(window) if overlaps(*window) => {
                Self::single(inputs, outputs, outputs)
            }
            // It keeps a mean and a deviation for all, or for each position.
            Operation::LayerNorm(norm) => {
                let positions = if norm.dimensions == 0 { outputs / node.output[2] } else { 1 };
                Self::single(inputs, outputs, 2 * positions)
            }
            Operation::Convolution(..) => {
                let positions = outputs / node.widths()[1].max(1);
                let rank = if in_backbone { 0 } else { node.rank() };
                Self::single(inputs, outputs, positions * rank)
            }
            // A bit for each value says which of two slopes it has.
            Operation::Activation(function) => {
                let kept = function.has_two_slopes().then_some(outputs.div_ceil(32));
                Self::in_place(outputs, kept)
            }
            Operation::ScaleShift => {
                let frozen = !in_backbone && node.trains() == [false, false];
                Self::in_place(outputs, frozen.then_some(0))
            }
            Operation::Residual { .. } => {
                let spent = first.spends_gradient || second.spends_gradient;
                first.beside(second, outputs, if spent { outputs } else { 0 })
            }
            Operation::Concat { .. } => {
                first.beside(second, outputs, first.outputs.max(second.outputs))
            }
            _ => Self::single(inputs, outputs, 0),
        };
        Self { forgets_input, ..layer }
    }

    /// This layer, and another one after it.
    fn then(self, last: Self) -> Self {
        let [input, output] = last.buffers;
        let [front, back] = if self.ends_in_back { [output, input] } else { [input, output] };
        let in_place = last.in_place.is_some();
        let frees = !in_place && last.forgets_input;
        let last_kept = last.in_place.unwrap_or(last.activations);
        let Turns { kept, buffers: [own, other] } = self.turns;
        let activations = last_kept
            + match in_place {
                _ if frees && other > 0 => kept + own + other,
                true => self.activations,
                false => self.activations + self.outputs,
            };
        let turns = match in_place {
            true => Turns { kept: kept + last_kept, ..self.turns },
            false if frees => {
                Turns { kept: kept + last_kept, buffers: [other.max(last.outputs), own] }
            }
            false => Turns { kept: activations, buffers: [last.outputs, 0] },
        };
        Self {
            inputs: self.inputs,
            outputs: last.outputs,
            activations,
            in_place: None,
            forgets_input: self.forgets_input,
            turns,
            spends_gradient: last.in_place.is_some() || last.spends_gradient,
            buffers: [self.buffers[0].max(front), self.buffers[1].max(back)],
            ends_in_back: self.ends_in_back != last.ends_in_back,
            inside: self.inside.max(last.inside),
            passes_through: false,
        }
    }

    /// This layer and another one that sees the same input, with so many floats for a part of the
    /// gradient of their output.
    fn beside(self, second: Self, outputs: usize, gathered: usize) -> Self {
        let one_passes = self.passes_through || second.passes_through;
        let copy = if one_passes { 0 } else { self.inputs };
        let aside = if second.passes_through { 0 } else { second.outputs };
        let activations = self.activations + second.activations + aside.max(copy + gathered);
        let ([front, back], [kept, free]) = (self.buffers, second.buffers);
        let buffers = if self.ends_in_back {
            [front.max(free), back.max(outputs)]
        } else {
            [front.max(outputs), back.max(free)]
        };
        let inside = kept + self.inside.max(second.inside);
        let plain = Self::single(self.inputs, outputs, activations);
        let takes_turns = buffers[0] + buffers[1] + inside <= self.inputs + activations + outputs;
        if takes_turns {
            Self { buffers, inside, ends_in_back: self.ends_in_back, ..plain }
        } else {
            plain
        }
    }

    /// The floats that an inference works in.
    fn inference(self) -> usize {
        self.buffers[0] + self.buffers[1] + self.inside
    }
}

/// Whether windows share values, so that a max pool keeps the place of each maximum.
fn overlaps(window: Window) -> bool {
    window.size[0] > window.stride[0] || window.size[1] > window.stride[1]
}

/// The floats that an int8 layer among layers in `f32` keeps: a bit for each value, and room for
/// its bytes where its output is too short for them.
fn int8_activations(node: &Node) -> usize {
    let (inputs, outputs) = (length(node.input), length(node.output));
    let scratch = Bytes { width: inputs.max(outputs), inside: gathered(node) }.scratch();
    let beside = if scratch <= outputs { 0 } else { scratch };
    inputs.div_ceil(32) + outputs.div_ceil(32) + beside
}

/// The bytes of the windows that an int8 layer gathers before it multiplies them.
fn gathered(node: &Node) -> usize {
    let ([height, width, channels], [rows, columns, _]) = (node.input, node.output);
    let (window, windows) = match node.operation {
        Operation::Convolution(window, Form::Conv1d | Form::Conv2d) => (window, 4),
        Operation::Depthwise(window) => (window, 1),
        Operation::Grouped(window, groups) => return window.positions() * channels / groups,
        _ => return 0,
    };
    let [high, wide] = window.size;
    let fits = [rows * high, columns * wide] == [height, width] && window.dilation == [1; 2];
    let tiles = fits && (rows * columns == 1 || window.positions() == 1);
    if tiles { 0 } else { windows.min(rows * columns) * window.positions() * channels }
}

/// What a layer in int8 says of itself.
#[derive(Clone, Copy, Debug, Default)]
struct Bytes {
    width: usize,
    inside: usize,
}

impl Bytes {
    /// Layers in a row.
    fn of(every: &[&Node], layers: &[Placed]) -> Self {
        let each = layers.iter().map(|placed| Self::layer(every, placed));
        each.fold(Self::default(), Self::larger)
    }

    fn larger(self, other: Self) -> Self {
        Self { width: self.width.max(other.width), inside: self.inside.max(other.inside) }
    }

    fn layer(every: &[&Node], Placed { index, layer }: &Placed) -> Self {
        let node = every[*index];
        let (inputs, outputs) = (length(node.input), length(node.output));
        let (first, second) = match layer {
            Layer::Sum { layers, shortcut, .. } => (layers, shortcut),
            Layer::Concat { first, second } => (first, second),
            Layer::Affine { .. } => {
                return Self { width: inputs.max(outputs), inside: gathered(node) };
            }
            _ => return Self { width: inputs.max(outputs), inside: 0 },
        };
        let branch =
            |layers: &[Placed]| Self::of(every, layers).larger(Self { width: inputs, inside: 0 });
        let (one, other) = (branch(first), branch(second));
        Self {
            width: one.width.max(other.width).max(outputs),
            inside: other.width + one.inside.max(other.inside),
        }
    }

    /// Two buffers that take turns, and what lies beside them, in whole floats.
    fn scratch(self) -> usize {
        (2 * self.width + self.inside).div_ceil(4)
    }
}
