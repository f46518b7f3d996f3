//! A graph from a description in TOML.

use super::builder::{Builder, Layer};
use super::{Activation, Divisor, Form, Graph, LayerNorm, Node, Operation, Source, Window};
use crate::layout::{Layout, Order};
use crate::spec::{LayerSpec, Pair, Sides, Spec, Train};
use anyhow::{Context, Result, ensure};
use std::mem::replace;

impl Graph {
    /// Works out the shapes of all layers.
    pub fn new(spec: &Spec) -> Result<Self> {
        let wrong = || format!("input = {:?}", spec.input);
        let dimensions = spec.input.len();
        ensure!(
            (1..=3).contains(&dimensions),
            "{}: expected [channels, height, width], [channels, length] or [length]",
            wrong()
        );
        let layout = Layout::new(Order::ChannelsFirst, &spec.input).with_context(wrong)?;
        let input = layout.map();
        let builder = Builder::new(input).with_context(wrong)?;
        let mut described =
            Described { builder, flat: dimensions == 1, signal: dimensions == 2, frozen: 0 };
        described.all(&spec.backbone, " of the backbone")?;
        let backbone = described.builder.nodes().len();
        described.frozen = backbone;
        described.all(&spec.layers, " of the layers")?;
        let mut nodes = described.builder.finish();
        freeze(&mut nodes[..backbone])?;
        ensure!(
            nodes.len() > backbone,
            "layers: expected at least one that computes something after the backbone"
        );
        Ok(Self { name: spec.name.clone(), layout, input, nodes, backbone })
    }
}

/// Freezes layers and those inside them, of which none may say what of it is trained.
fn freeze(nodes: &mut [Node]) -> Result<()> {
    for node in nodes {
        ensure!(
            node.train == Train::All,
            "{}: all of the backbone is frozen, its layers need no `train`",
            node.label
        );
        node.train = Train::Frozen;
        if let Operation::Residual { layers: first, shortcut: second }
        | Operation::Concat { first, second } = &mut node.operation
        {
            freeze(first)?;
            freeze(second)?;
        }
    }
    Ok(())
}

/// A graph that grows as its description is read.
struct Described {
    builder: Builder,
    /// Whether positions no longer matter, as after PyTorch's `Flatten`.
    flat: bool,
    /// Whether the input is a signal in time, on which pools are `MaxPool1d` and `AvgPool1d`.
    signal: bool,
    /// How many layers the backbone has: what comes after them is not folded into them.
    frozen: usize,
}

impl Described {
    /// Adds layers, which lie in a place of the description.
    fn all(&mut self, layers: &[LayerSpec], place: &str) -> Result<()> {
        for (index, layer) in layers.iter().enumerate() {
            let label = format!("layer {}{place} ({})", index + 1, layer.kind());
            self.add(layer, &label).with_context(|| label.clone())?;
        }
        Ok(())
    }

    /// Adds layers beside others: the input of theirs is the output so far. Says as well whether
    /// positions matter no longer at their end.
    fn branch(&mut self, layers: &[LayerSpec], place: &str) -> Result<(Vec<Node>, bool)> {
        let branch = self.builder.enter()?;
        let (flat, frozen) = (self.flat, replace(&mut self.frozen, 0));
        self.all(layers, place)?;
        self.frozen = frozen;
        let flat = replace(&mut self.flat, flat);
        Ok((self.builder.leave(branch), flat))
    }

    fn add(&mut self, layer: &LayerSpec, label: &str) -> Result<()> {
        let map @ [height, width, _] = self.builder.map();
        let signal = self.signal;
        let window = |kernel: Pair, stride: Pair, padding: &Sides, dilation: Pair| {
            let mut window = Window {
                size: kernel.vertical_and_horizontal(signal, 1),
                stride: stride.vertical_and_horizontal(signal, 1),
                padding: [[0; 2]; 2],
                dilation: dilation.vertical_and_horizontal(signal, 1),
            };
            window.padding = padding.of(&window, map, signal)?;
            anyhow::Ok(window)
        };
        let spatial = || {
            ensure!(!self.flat, "expected a map of positions and channels, found a vector");
            Ok(())
        };
        let layer = match layer {
            LayerSpec::Conv2d {
                tensors,
                filters,
                kernel,
                stride,
                padding,
                dilation,
                groups,
                bias,
                train,
            } => {
                spatial()?;
                let window = window(*kernel, *stride, padding, *dilation)?;
                with(convolution(window, Form::Conv2d, *groups), *filters, tensors, *bias, *train)
            }
            LayerSpec::Conv1d {
                tensors,
                filters,
                kernel,
                stride,
                padding,
                dilation,
                groups,
                bias,
                train,
            } => {
                spatial()?;
                ensure!(
                    signal,
                    "expected input = [channels, length], found an image of {height} rows"
                );
                let [kernel, stride, dilation] = [*kernel, *stride, *dilation].map(Pair::Both);
                let window = window(kernel, stride, padding, dilation)?;
                with(convolution(window, Form::Conv1d, *groups), *filters, tensors, *bias, *train)
            }
            LayerSpec::DepthwiseConv2d {
                tensors,
                kernel,
                stride,
                padding,
                dilation,
                bias,
                train,
            } => {
                spatial()?;
                let window = window(*kernel, *stride, padding, *dilation)?;
                with(Operation::Depthwise(window), 0, tensors, *bias, *train)
            }
            LayerSpec::Dense { tensors, outputs, bias, train } => {
                ensure!(
                    self.flat || (height, width) == (1, 1),
                    "expected a vector, found a map of {height} x {width} positions: put a flatten \
                     before it"
                );
                let window = Window { stride: [1; 2], ..Window::whole(map) };
                self.flat = true;
                let operation = Operation::Convolution(window, Form::Dense);
                with(operation, *outputs, tensors, *bias, *train)
            }
            LayerSpec::BatchNorm { tensors, epsilon, train } => {
                return self.batch_norm(label, tensors, *epsilon, *train);
            }
            LayerSpec::LayerNorm { tensors, by_position, epsilon, bias, train } => {
                let dimensions = match (by_position, self.flat, self.signal) {
                    (true, ..) => 0,
                    (false, true, _) => 1,
                    (false, false, true) => 2,
                    (false, false, false) => 3,
                };
                positive(*epsilon)?;
                let norm = LayerNorm { dimensions, epsilon: *epsilon as f32 };
                with(Operation::LayerNorm(norm), 0, tensors, *bias, *train)
            }
            LayerSpec::MaxPool { kernel, stride, padding } => {
                spatial()?;
                let one = Pair::Both(1);
                let window = window(*kernel, stride.unwrap_or(*kernel), padding, one)?;
                Layer::of(Operation::MaxPool(window))
            }
            LayerSpec::AveragePool { kernel, stride, padding, count_padding } => {
                spatial()?;
                let one = Pair::Both(1);
                let window = window(*kernel, stride.unwrap_or(*kernel), padding, one)?;
                let inside = !*count_padding && window.padded();
                let divisor = if inside { Divisor::Map } else { Divisor::Window };
                Layer::of(Operation::AveragePool(window, divisor))
            }
            LayerSpec::GlobalAveragePool {} => {
                spatial()?;
                Layer::of(Operation::AveragePool(Window::whole(map), Divisor::Window))
            }
            LayerSpec::Flatten {} => {
                self.flat = true;
                return Ok(());
            }
            LayerSpec::Residual { layers, shortcut } => {
                let (layers, flat) = self.branch(layers, &format!(" of {label}"))?;
                let (shortcut, _) =
                    self.branch(shortcut, &format!(" of the shortcut of {label}"))?;
                self.flat = flat;
                Layer::of(Operation::Residual { layers, shortcut })
            }
            LayerSpec::Concat { branches } => return self.concat(label, branches),
            LayerSpec::Relu {} => function(Activation::Relu),
            LayerSpec::Relu6 {} => function(Activation::Relu6),
            LayerSpec::LeakyRelu { slope } => {
                let [numerator, denominator] = fraction("slope", *slope)?;
                function(Activation::LeakyRelu { numerator, denominator })
            }
            LayerSpec::Prelu { tensors, train } => {
                with(Operation::ParametricRelu, 0, tensors, false, *train)
            }
            LayerSpec::Elu { alpha } => {
                let [numerator, denominator] = fraction("alpha", *alpha)?;
                function(Activation::Elu { numerator, denominator })
            }
            LayerSpec::Tanh {} => function(Activation::Tanh),
            LayerSpec::Sigmoid {} => function(Activation::Sigmoid),
            LayerSpec::HardSigmoid { slope } => {
                let [numerator, denominator] = fraction("slope", *slope)?;
                function(Activation::HardSigmoid { numerator, denominator })
            }
            LayerSpec::Silu {} => function(Activation::Silu),
            LayerSpec::HardSwish {} => function(Activation::HardSwish),
            LayerSpec::Gelu {} => function(Activation::Gelu),
        };
        self.builder.add(label, layer)
    }

    /// Folds a batch normalisation into the layer before it, or adds it as a layer of its own.
    fn batch_norm(&mut self, label: &str, tensors: &str, epsilon: f64, train: Train) -> Result<()> {
        positive(epsilon)?;
        let norm = Some((tensors.to_owned(), epsilon));
        let frozen = self.frozen;
        if let Some(node) = self.builder.nodes().get_mut(frozen..).and_then(<[Node]>::last_mut)
            && let Operation::Convolution(..) | Operation::Grouped(..) | Operation::Depthwise(_) =
                node.operation
            && let Some(source @ Source { batch_norm: None, .. }) = &mut node.source
        {
            ensure!(train == Train::All, "train: it is folded into {}, which says it", node.label);
            source.batch_norm = norm;
            return Ok(());
        }
        let mut layer = with(Operation::ScaleShift, 0, tensors, true, train);
        layer.source = layer.source.map(|source| Source { batch_norm: norm, ..source });
        self.builder.add(label, layer)
    }

    /// More than two branches are a concatenation of the first and a concatenation of the others.
    fn concat(&mut self, label: &str, branches: &[Vec<LayerSpec>]) -> Result<()> {
        ensure!(branches.len() >= 2, "branches: expected at least two, found {}", branches.len());
        let mut outer = Vec::new();
        let (mut done, mut flats) = (Vec::new(), Vec::new());
        for (index, branch) in branches.iter().enumerate() {
            let (nodes, flat) =
                self.branch(branch, &format!(" of branch {} of {label}", index + 1))?;
            done.push(nodes);
            flats.push(flat);
            if index + 2 < branches.len() {
                outer.push(self.builder.enter()?);
            }
        }
        while let Some(second) = done.pop() {
            let Some(first) = done.pop() else { break };
            self.builder.add(label, Layer::of(Operation::Concat { first, second }))?;
            if let Some(branch) = outer.pop() {
                done.push(self.builder.leave(branch));
            }
        }
        self.flat = flats.iter().all(|flat| *flat);
        Ok(())
    }
}

/// A convolution in so many groups of channels; one group is all of them.
fn convolution(window: Window, form: Form, groups: usize) -> Operation {
    match groups {
        1 => Operation::Convolution(window, form),
        groups => Operation::Grouped(window, groups),
    }
}

/// A layer whose parameters come from these tensors.
fn with(operation: Operation, filters: usize, tensors: &str, bias: bool, train: Train) -> Layer {
    let source = Some(Source { tensors: tensors.to_owned(), bias, batch_norm: None });
    Layer { operation, filters, source, train, step: None }
}

fn function(activation: Activation) -> Layer {
    Layer::of(Operation::Activation(activation))
}

fn positive(epsilon: f64) -> Result<()> {
    ensure!(epsilon.is_finite() && epsilon > 0.0, "epsilon: expected a number above 0");
    Ok(())
}

/// A number as a fraction of two small numbers, which a type can contain.
pub fn fraction(what: &str, number: f64) -> Result<[u16; 2]> {
    let fraction = (1..=10_000u16).find_map(|denominator| {
        let numerator = (number * f64::from(denominator)).round();
        let equal = numerator as f32 / f32::from(denominator) == number as f32;
        (equal && (0.0..=65535.0).contains(&numerator)).then_some([numerator as u16, denominator])
    });
    fraction.with_context(|| {
        format!("{what} = {number}: expected a fraction with at most four decimals, 0 or above")
    })
}
