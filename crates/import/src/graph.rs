//! A network as data: its layers with their shapes, in this project's order (channels last).

use super::spec::{LayerSpec, Pair, Spec, Train};
use anyhow::{Context, Result, bail, ensure};
use std::ops::Range;

/// The number of rows, of positions in a row, and of channels.
pub type Map = [usize; 3];

/// A window that slides over a map. The vertical number comes first in each pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The size of the window, in positions.
    pub size: [usize; 2],
    /// The distance from one window to the next, in positions.
    pub stride: [usize; 2],
    /// The number of zeros on either side.
    pub padding: [usize; 2],
}

/// What a layer computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operation {
    /// Weighted sums over windows. A dense layer is a single window over everything.
    Convolution(Window, Form),
    /// A window of weights for each channel.
    Depthwise(Window),
    /// The largest value of each channel in a window.
    MaxPool(Window),
    /// The mean of each channel in a window.
    AveragePool(Window),
    /// All values, normalised by their mean and deviation; the scales are its weights and the
    /// shifts its biases.
    LayerNorm {
        /// How many dimensions of the map PyTorch normalises over.
        dimensions: usize,
    },
    /// A function of each value.
    Activation(Activation),
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

/// A function of each value.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the field's terms")]
pub enum Activation {
    Relu,
    Relu6,
    LeakyRelu { numerator: u16, denominator: u16 },
    Tanh,
    Sigmoid,
    Gelu,
}

/// The tensors that a layer's parameters come from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The part of the tensors' names before `.weight` and `.bias`.
    pub tensors: String,
    /// Whether there is a `.bias`; otherwise the biases are 0.
    pub bias: bool,
    /// The batch normalisation that is folded in, and its epsilon.
    pub batch_norm: Option<(String, f64)>,
}

/// A layer with its shapes and parameters.
#[derive(Clone, Debug)]
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
    pub parameters: Range<usize>,
    /// How many of its parameters are biases.
    pub biases: usize,
    /// Which of its parameters are trained.
    pub train: Train,
    /// Where its parameters come from, if it has any.
    pub source: Option<Source>,
}

/// Layers that follow one another.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The name of the files and of the Rust module.
    pub name: String,
    /// How many dimensions PyTorch's input has, not counting the batch.
    pub dimensions: usize,
    /// The shape of the input.
    pub input: Map,
    /// The layers, in order.
    pub nodes: Vec<Node>,
    /// How many of the layers, from the first on, form the backbone.
    pub backbone: usize,
}

/// The most parameters of a network, and the most values of its input and of the outputs of all its
/// layers. No device has room for more; what is larger is a mistake in the file.
const MOST: usize = 1 << 24;

/// The most products and sums that an input may need. A microcontroller would compute for minutes,
/// and the desktop, which evaluates hundreds of inputs, for hours.
const MOST_OPERATIONS: u128 = 1 << 30;

/// The most layers of a network.
const MOST_LAYERS: usize = 256;

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

impl Graph {
    /// Works out the shapes of all layers.
    pub fn new(spec: &Spec) -> Result<Self> {
        let input = match *spec.input.as_slice() {
            [length] => [1, 1, length],
            [channels, length] => [1, length, channels],
            [channels, height, width] => [height, width, channels],
            _ => bail!(
                "input = {:?}: expected [channels, height, width], [channels, length] or [length]",
                spec.input
            ),
        };
        check_map(input).with_context(|| format!("input = {:?}", spec.input))?;
        let count = spec.backbone.len() + spec.layers.len();
        ensure!(count <= MOST_LAYERS, "expected at most {MOST_LAYERS} layers, found {count}");
        let mut builder = Builder {
            map: input,
            flat: spec.input.len() == 1,
            signal: spec.input.len() == 2,
            nodes: Vec::new(),
            values: length(input),
            operations: 0,
        };
        for (index, layer) in spec.backbone.iter().enumerate() {
            let label = format!("layer {} of the backbone ({})", index + 1, layer.kind());
            builder.add(layer, &label).with_context(|| label.clone())?;
        }
        let backbone = builder.nodes.len();
        for (index, layer) in spec.layers.iter().enumerate() {
            let label = format!("layer {} of the layers ({})", index + 1, layer.kind());
            let fresh = builder.nodes.len() == backbone;
            ensure!(
                !(fresh && backbone > 0 && matches!(layer, LayerSpec::BatchNorm { .. })),
                "{label}: expected it in the backbone, with the layer that it is folded into"
            );
            builder.add(layer, &label).with_context(|| label.clone())?;
        }
        let Builder { mut nodes, .. } = builder;
        for node in &mut nodes[..backbone] {
            ensure!(
                node.train == Train::All,
                "{}: all of the backbone is frozen, its layers need no `train`",
                node.label
            );
            node.train = Train::Frozen;
        }
        ensure!(
            nodes.len() > backbone,
            "layers: expected at least one that computes something after the backbone"
        );
        let dimensions = spec.input.len();
        Ok(Self { name: spec.name.clone(), dimensions, input, nodes, backbone })
    }

    /// The number of parameters of all layers.
    pub fn parameters(&self) -> usize {
        self.nodes.last().map_or(0, |node| node.parameters.end)
    }

    /// The layers of the backbone alone, as a graph.
    pub fn backbone(&self) -> Self {
        let nodes = self.nodes[..self.backbone].to_vec();
        Self { name: self.name.clone(), nodes, ..*self }
    }
}

/// A graph that grows layer by layer.
struct Builder {
    map: Map,
    /// Whether positions no longer matter, as after PyTorch's `Flatten`.
    flat: bool,
    /// Whether the input is a signal in time, on which pools are `MaxPool1d` and `AvgPool1d`.
    signal: bool,
    nodes: Vec<Node>,
    /// The number of values of the input and of all outputs.
    values: usize,
    /// The number of products and sums for an input.
    operations: u128,
}

impl Builder {
    fn add(&mut self, layer: &LayerSpec, label: &str) -> Result<()> {
        let [height, width, channels] = self.map;
        let signal = self.signal;
        let window = |kernel: Pair, stride: Pair, padding: Pair| Window {
            size: kernel.vertical_and_horizontal(signal, 1),
            stride: stride.vertical_and_horizontal(signal, 1),
            padding: padding.vertical_and_horizontal(signal, 0),
        };
        let spatial = |flat: bool| {
            ensure!(!flat, "expected a map of positions and channels, found a vector");
            Ok(())
        };
        match layer {
            LayerSpec::Conv2d { tensors, filters, kernel, stride, padding, bias, train } => {
                spatial(self.flat)?;
                let window = window(*kernel, *stride, *padding);
                let source = source(tensors, *bias);
                self.convolution(label, window, Form::Conv2d, *filters, source, *train)
            }
            LayerSpec::Conv1d { tensors, filters, kernel, stride, padding, bias, train } => {
                spatial(self.flat)?;
                ensure!(
                    signal,
                    "expected input = [channels, length], found an image of {height} rows"
                );
                let window =
                    Window { size: [1, *kernel], stride: [1, *stride], padding: [0, *padding] };
                let source = source(tensors, *bias);
                self.convolution(label, window, Form::Conv1d, *filters, source, *train)
            }
            LayerSpec::DepthwiseConv2d { tensors, kernel, stride, padding, bias, train } => {
                spatial(self.flat)?;
                let window = window(*kernel, *stride, *padding);
                let output = slide(self.map, window, channels)?;
                let parameters = (product(&[window.size[0], window.size[1], channels])?, channels);
                let operation = Operation::Depthwise(window);
                self.push(
                    label,
                    operation,
                    output,
                    parameters,
                    Some(source(tensors, *bias)),
                    *train,
                )
            }
            LayerSpec::Dense { tensors, outputs, bias, train } => {
                ensure!(
                    self.flat || (height, width) == (1, 1),
                    "expected a vector, found a map of {height} x {width} positions: put a flatten \
                     before it"
                );
                let window = Window { size: [height, width], stride: [1, 1], padding: [0, 0] };
                let source = source(tensors, *bias);
                self.flat = true;
                self.convolution(label, window, Form::Dense, *outputs, source, *train)
            }
            LayerSpec::BatchNorm { tensors, epsilon } => {
                ensure!(
                    epsilon.is_finite() && *epsilon > 0.0,
                    "epsilon: expected a number above 0"
                );
                let before = self.nodes.last_mut();
                let before =
                    before.filter(|node| !matches!(node.operation, Operation::LayerNorm { .. }));
                let before = before.and_then(|node| node.source.as_mut());
                let Some(Source { batch_norm: before @ None, .. }) = before else {
                    bail!(
                        "expected directly after a convolution or a dense layer, into which it can \
                         be folded"
                    );
                };
                *before = Some((tensors.clone(), *epsilon));
                Ok(())
            }
            LayerSpec::LayerNorm { tensors, train } => {
                let count = length(self.map);
                let source = Some(source(tensors, true));
                let dimensions = match (self.flat, self.signal) {
                    (true, _) => 1,
                    (false, true) => 2,
                    (false, false) => 3,
                };
                let operation = Operation::LayerNorm { dimensions };
                self.push(label, operation, self.map, (count, count), source, *train)
            }
            LayerSpec::MaxPool { kernel, stride, padding } => {
                spatial(self.flat)?;
                let window = window(*kernel, stride.unwrap_or(*kernel), *padding);
                let output = slide(self.map, window, channels)?;
                self.push(label, Operation::MaxPool(window), output, (0, 0), None, Train::Frozen)
            }
            LayerSpec::AveragePool { kernel, stride, padding } => {
                spatial(self.flat)?;
                let window = window(*kernel, stride.unwrap_or(*kernel), *padding);
                let output = slide(self.map, window, channels)?;
                self.push(
                    label,
                    Operation::AveragePool(window),
                    output,
                    (0, 0),
                    None,
                    Train::Frozen,
                )
            }
            LayerSpec::GlobalAveragePool {} => {
                spatial(self.flat)?;
                let size = [height, width];
                let window = Window { size, stride: size, padding: [0, 0] };
                let output = [1, 1, channels];
                self.push(
                    label,
                    Operation::AveragePool(window),
                    output,
                    (0, 0),
                    None,
                    Train::Frozen,
                )
            }
            LayerSpec::Flatten {} => {
                self.flat = true;
                Ok(())
            }
            LayerSpec::Relu {} => self.activation(label, Activation::Relu),
            LayerSpec::Relu6 {} => self.activation(label, Activation::Relu6),
            LayerSpec::LeakyRelu { slope } => self.activation(label, leaky(*slope)?),
            LayerSpec::Tanh {} => self.activation(label, Activation::Tanh),
            LayerSpec::Sigmoid {} => self.activation(label, Activation::Sigmoid),
            LayerSpec::Gelu {} => self.activation(label, Activation::Gelu),
        }
    }

    fn convolution(
        &mut self,
        label: &str,
        window: Window,
        form: Form,
        filters: usize,
        source: Source,
        train: Train,
    ) -> Result<()> {
        ensure!(filters > 0, "expected at least one filter or output");
        let output = slide(self.map, window, filters)?;
        let weights = product(&[window.size[0], window.size[1], self.map[2], filters])?;
        let operation = Operation::Convolution(window, form);
        self.push(label, operation, output, (weights, filters), Some(source), train)
    }

    fn activation(&mut self, label: &str, activation: Activation) -> Result<()> {
        let operation = Operation::Activation(activation);
        self.push(label, operation, self.map, (0, 0), None, Train::Frozen)
    }

    fn push(
        &mut self,
        label: &str,
        operation: Operation,
        output: Map,
        (weights, biases): (usize, usize),
        source: Option<Source>,
        train: Train,
    ) -> Result<()> {
        check_map(output)?;
        // Neither side is above MOST: the sum does not overflow.
        self.values += length(output);
        ensure!(
            self.values <= MOST,
            "expected at most {MOST} values in the input and the outputs of all layers, found {} \
             up to this one",
            self.values
        );
        self.operations += operations(operation, self.map, output);
        ensure!(
            self.operations <= MOST_OPERATIONS,
            "expected at most {MOST_OPERATIONS} products and sums for an input in all layers, \
             found {} up to this one",
            self.operations
        );
        let start = self.nodes.last().map_or(0, |node| node.parameters.end);
        let end = start + weights + biases;
        ensure!(end <= MOST, "expected at most {MOST} parameters in all");
        // Layers without parameters have nothing to train or to freeze.
        let train = if source.is_some() { train } else { Train::All };
        let node = Node {
            label: label.to_owned(),
            operation,
            input: self.map,
            output,
            parameters: start..end,
            biases,
            train,
            source,
        };
        self.nodes.push(node);
        self.map = output;
        Ok(())
    }
}

/// The number of products and sums that an output of this shape needs, with those in the padding.
fn operations(operation: Operation, input: Map, output: Map) -> u128 {
    let each = match operation {
        Operation::Convolution(Window { size, .. }, _) => vec![size[0], size[1], input[2]],
        Operation::Depthwise(Window { size, .. })
        | Operation::MaxPool(Window { size, .. })
        | Operation::AveragePool(Window { size, .. }) => size.to_vec(),
        Operation::LayerNorm { .. } | Operation::Activation(_) => Vec::new(),
    };
    // Three numbers of at most MOST, and three whose product is: at most 2^96.
    each.into_iter().chain(output).map(|factor| factor as u128).product()
}

fn source(tensors: &str, bias: bool) -> Source {
    Source { tensors: tensors.to_owned(), bias, batch_norm: None }
}

/// The shape of the map that a window yields with so many channels.
fn slide(map: Map, window: Window, channels: usize) -> Result<Map> {
    let places = |direction: usize| {
        let (extent, size) = (map[direction], window.size[direction]);
        let (stride, padding) = (window.stride[direction], window.padding[direction]);
        ensure!(
            (1..=MOST).contains(&size) && (1..=MOST).contains(&stride),
            "expected a kernel and a stride of at least 1, found {size} and {stride}"
        );
        ensure!(padding < size, "expected less padding than the kernel's {size}, found {padding}");
        let padded = extent + 2 * padding;
        ensure!(padded >= size, "a kernel of {size} does not fit into {padded} positions");
        Ok((padded - size) / stride + 1)
    };
    Ok([places(0)?, places(1)?, channels])
}

fn check_map(map: Map) -> Result<()> {
    ensure!(product(&map)? > 0, "expected at least one value in every direction");
    Ok(())
}

fn product(factors: &[usize]) -> Result<usize> {
    let product = factors.iter().try_fold(1usize, |product, factor| product.checked_mul(*factor));
    product.filter(|product| *product <= MOST).with_context(|| {
        let sizes: Vec<String> = factors.iter().map(ToString::to_string).collect();
        format!("expected at most {MOST} values, found {}", sizes.join(" x "))
    })
}

/// The slope as a fraction of two small numbers, which a type can contain.
fn leaky(slope: f64) -> Result<Activation> {
    let fraction = (1..=10_000u16).find_map(|denominator| {
        let numerator = (slope * f64::from(denominator)).round();
        let equal = numerator as f32 / f32::from(denominator) == slope as f32;
        (equal && (0.0..=65535.0).contains(&numerator)).then_some((numerator as u16, denominator))
    });
    let (numerator, denominator) = fraction.with_context(|| {
        format!("slope = {slope}: expected a fraction with at most four decimals, 0 or above")
    })?;
    Ok(Activation::LeakyRelu { numerator, denominator })
}
