//! The Rust types of a network, laid out as rustfmt does it.

use super::graph::{
    Activation, Divisor, Form, Map, Node, Operation, Piece, Window, length, pieces,
};
use super::int8::{Layer, Placed};
use super::spec::Train;
use anyhow::{Context, Result, ensure};

/// A type and its arguments. A type without a name is the tuple of its arguments.
#[derive(Clone, Debug)]
pub struct Type {
    name: String,
    arguments: Vec<Type>,
}

const LINE: usize = 100;
const LONGEST_TUPLE: usize = 16;

impl Type {
    /// A type without arguments: a name or a number.
    pub fn named(name: impl ToString) -> Self {
        Self::with(name, Vec::new())
    }

    /// A type with its arguments.
    pub fn with(name: impl ToString, arguments: Vec<Self>) -> Self {
        Self { name: name.to_string(), arguments }
    }

    /// The name alone, without the modules before it.
    pub fn short(&self) -> &str {
        self.name.rsplit("::").next().unwrap_or_default()
    }

    /// The tuple of several layers, or the layer itself if it is the only one. The core's tuples
    /// end at 16, so where there are more layers, the first place holds a tuple of the first ones:
    /// not the last place, since the first layer of a tuple is not evaluated in place.
    pub fn tuple(mut layers: Vec<Self>) -> Self {
        while layers.len() > LONGEST_TUPLE {
            let rest = layers.split_off(LONGEST_TUPLE);
            layers = vec![Self::with("", layers)];
            layers.extend(rest);
        }
        match <[Self; 1]>::try_from(layers) {
            Ok([only]) => only,
            Err(layers) => Self::with("", layers),
        }
    }

    /// The brackets around the arguments.
    fn brackets(&self) -> [char; 2] {
        if self.name.is_empty() { ['(', ')'] } else { ['<', '>'] }
    }

    fn on_one_line(&self) -> String {
        if self.arguments.is_empty() && !self.name.is_empty() {
            return self.name.clone();
        }
        let arguments: Vec<String> = self.arguments.iter().map(Self::on_one_line).collect();
        let [open, close] = self.brackets();
        format!("{}{open}{}{close}", self.name, arguments.join(", "))
    }

    /// Lays the type out. `prefix` is what stands before it on its line; one character follows it.
    fn laid_out(&self, prefix: &str, indent: usize) -> String {
        let line = self.on_one_line();
        if indent + prefix.len() + line.len() < LINE || self.arguments.is_empty() {
            return line;
        }
        let inside = indent + 4;
        let lines = self
            .arguments
            .iter()
            .map(|argument| format!("{:inside$}{},\n", "", argument.laid_out("", inside)));
        let [open, close] = self.brackets();
        format!("{}{open}\n{}{:indent$}{close}", self.name, lines.collect::<String>(), "")
    }

    /// The declaration `type name = …;`.
    pub fn declared(&self, declaration: &str) -> String {
        let prefix = format!("{declaration} = ");
        let line = self.on_one_line();
        if prefix.len() + line.len() >= LINE && 4 + line.len() < LINE {
            return format!("{declaration} =\n    {line};\n");
        }
        format!("{prefix}{};\n", self.laid_out(&prefix, 0))
    }
}

/// The types of the layers after the backbone.
pub fn after_backbone(nodes: &[Node]) -> Result<Vec<Type>> {
    let of = |piece: Piece| match piece {
        Piece::Layer(node) => float(node, false),
        Piece::Mean { input, layers } => {
            let layers = layers.iter().map(|node| float(node, false)).collect::<Result<_>>()?;
            Ok(Type::with("nn::MeanOverPositions", vec![map(input), Type::tuple(layers)]))
        }
    };
    pieces(nodes).into_iter().map(of).collect()
}

/// The type of a layer in `f32`, or of one that is frozen in int8 among such.
pub fn float(node: &Node, in_backbone: bool) -> Result<Type> {
    if node.int8.is_some() {
        let layer = shaped("nn::int8", node, &|_| Ok(Vec::new()))?;
        return Ok(beside(node, Type::with("nn::Int8", vec![layer])));
    }
    let inside = |nodes: &[Node]| nodes.iter().map(|node| float(node, in_backbone)).collect();
    let mut layer = shaped("nn", node, &inside)?;
    let trained = match node.trains() {
        _ if in_backbone => None,
        [true, true] => None,
        [true, false] if node.biases == 0 => None,
        [true, false] => Some(Type::named("nn::WeightsOnly")),
        [false, true] => Some(Type::named("nn::BiasesOnly")),
        [false, false] => Some(Type::named("nn::Frozen")),
    };
    let trained = match node.train {
        Train::Outputs([first, end]) if !in_backbone => {
            let numbers = [first, end - first].map(Type::named);
            Some(Type::with("nn::Outputs", numbers.into_iter().chain(trained).collect()))
        }
        _ => trained,
    };
    let trained = trained.filter(|_| node.source.is_some());
    let epsilon = match node.operation {
        Operation::LayerNorm(norm) => epsilon(norm.epsilon)?,
        _ => None,
    };
    // All defaults before one that is named must be named.
    if trained.is_some() || epsilon.is_some() {
        if let Operation::LayerNorm(norm) = node.operation
            && norm.dimensions > 0
        {
            layer.arguments.push(Type::named(1));
        }
        layer.arguments.push(trained.unwrap_or_else(|| Type::named("nn::All")));
        layer.arguments.extend(epsilon);
    }
    Ok(if in_backbone { layer } else { beside(node, layer) })
}

/// A layer with the matrix that is trained beside it, if there is one.
fn beside(node: &Node, layer: Type) -> Type {
    match node.rank() {
        0 => layer,
        rank => Type::with("nn::LowRank", vec![layer, Type::named(rank)]),
    }
}

/// What a normalisation adds to the variance, where it is not the default.
fn epsilon(epsilon: f32) -> Result<Option<Type>> {
    if epsilon == 1e-5 {
        return Ok(None);
    }
    // The shortest decimal that is this number.
    let text = format!("{epsilon:e}");
    let wrong = || format!("epsilon = {epsilon}: expected a number with few digits, above 1e-22");
    let (digits, exponent) = text.split_once('e').with_context(wrong)?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let exponent: i32 = exponent.parse().with_context(wrong)?;
    let factor: u32 = format!("{whole}{fraction}").parse().with_context(wrong)?;
    let exponent = i32::try_from(fraction.len())? - exponent;
    ensure!((0..=22).contains(&exponent), "{}", wrong());
    let numbers = if factor == 1 { vec![exponent as u32] } else { vec![exponent as u32, factor] };
    Ok(Some(Type::with("nn::Epsilon", numbers.into_iter().map(Type::named).collect())))
}

/// The layer that gives its input.
pub fn identity(shape: Map) -> Type {
    Type::with("nn::Identity", vec![map(shape)])
}

/// The types of int8 layers in a row.
pub fn int8(every: &[&Node], layers: &[Placed]) -> Result<Vec<Type>> {
    layers.iter().map(|placed| int8_layer(every, placed)).collect()
}

fn int8_layer(every: &[&Node], Placed { index, layer }: &Placed) -> Result<Type> {
    const MODULE: &str = "nn::int8";
    let with = |name: &str, arguments| Type::with(format!("{MODULE}::{name}"), arguments);
    let node = every[*index];
    let branch = |layers: &[Placed]| match layers {
        [] => Ok(with("Identity", vec![map(node.input)])),
        layers => anyhow::Ok(Type::tuple(int8(every, layers)?)),
    };
    Ok(match layer {
        Layer::Table(_) => with("Table", vec![map(node.output)]),
        Layer::Sum { layers, shortcut, .. } => {
            let shortcut = (!shortcut.is_empty()).then(|| branch(shortcut)).transpose()?;
            residual(MODULE, branch(layers)?, shortcut)
        }
        Layer::Concat { first, second } => with("Concat", vec![branch(first)?, branch(second)?]),
        Layer::Norm { .. } => {
            let whole = matches!(node.operation, Operation::LayerNorm(norm) if norm.dimensions > 0);
            let shape = if whole { [1, 1, length(node.input)] } else { node.input };
            with("LayerNorm", vec![map(shape)])
        }
        Layer::Slopes { .. } => with("PRelu", vec![map(node.input)]),
        Layer::Rescale { shape, .. } => with("Rescale", vec![map(*shape)]),
        _ => shaped(MODULE, node, &|_| Ok(Vec::new()))?,
    })
}

fn residual(module: &str, layers: Type, shortcut: Option<Type>) -> Type {
    let arguments = [layers].into_iter().chain(shortcut);
    Type::with(format!("{module}::Residual"), arguments.collect())
}

/// The type of a layer. `inside` gives those of layers inside it.
fn shaped(
    module: &str,
    node: &Node,
    inside: &dyn Fn(&[Node]) -> Result<Vec<Type>>,
) -> Result<Type> {
    let with = |name: &str, arguments| Type::with(format!("{module}::{name}"), arguments);
    let count = || Type::named(length(node.output));
    let shape = || map(node.input);
    let pool = |name: &str, window: Window| {
        let in_time = window.in_time(node.input);
        let suffix = if in_time { "1d" } else { "" };
        with(&format!("{name}{suffix}"), vec![shape(), sliding(window, in_time)])
    };
    let branch = |nodes: &[Node]| match nodes {
        [] => Ok(with("Identity", vec![shape()])),
        nodes => anyhow::Ok(Type::tuple(inside(nodes)?)),
    };
    // Over a vector by its length, and over a map by its shape.
    let is_map = node.input[0] * node.input[1] > 1;
    let over = |name: &str, numbers: Vec<Type>| {
        let (name, first) = match is_map {
            true => (format!("over::{name}"), shape()),
            false => (name.to_owned(), count()),
        };
        with(&name, [vec![first], numbers].concat())
    };
    Ok(match &node.operation {
        Operation::Convolution(window, form @ (Form::Conv1d | Form::Conv2d)) => {
            let filters = Type::named(node.output[2]);
            let window = sliding(*window, *form == Form::Conv1d);
            with(&format!("{form:?}"), vec![shape(), window, filters])
        }
        Operation::Convolution(_, Form::Dense) => {
            with("Dense", vec![Type::named(length(node.input)), count()])
        }
        Operation::Grouped(window, groups) => {
            let in_time = window.in_time(node.input);
            let name = if in_time { "GroupedConv1d" } else { "GroupedConv2d" };
            let numbers = [node.output[2], *groups].map(Type::named);
            with(name, [vec![shape(), sliding(*window, in_time)], numbers.to_vec()].concat())
        }
        Operation::Depthwise(window) => {
            let in_time = window.in_time(node.input);
            let name = if in_time { "DepthwiseConv1d" } else { "DepthwiseConv2d" };
            with(name, vec![shape(), sliding(*window, in_time)])
        }
        Operation::MaxPool(window) => pool("MaxPool", *window),
        Operation::AveragePool(window, _) if window.is_whole(node.input) => {
            with("GlobalAveragePool", vec![shape()])
        }
        Operation::AveragePool(window, Divisor::Window) => pool("AveragePool", *window),
        Operation::AveragePool(window, Divisor::Map) => {
            let mut layer = pool("AveragePool", *window);
            layer.arguments.push(Type::with("nn::Padding", vec![Type::named(0)]));
            layer
        }
        Operation::ScaleShift => with("ScaleShift", vec![shape()]),
        Operation::ParametricRelu => with("PRelu", vec![shape(), Type::named(node.input[2])]),
        Operation::LayerNorm(norm) if norm.dimensions == 0 => {
            with("over::LayerNorm", vec![shape()])
        }
        Operation::LayerNorm(_) => with("LayerNorm", vec![count()]),
        Operation::Activation(Activation::LeakyRelu { numerator, denominator }) => {
            over("LeakyRelu", [numerator, denominator].map(Type::named).to_vec())
        }
        Operation::Activation(Activation::Elu { numerator: 1, denominator: 1 }) => {
            over("Elu", Vec::new())
        }
        Operation::Activation(Activation::Elu { numerator, denominator }) => {
            over("Elu", [numerator, denominator].map(Type::named).to_vec())
        }
        Operation::Activation(Activation::HardSigmoid { numerator: 1, denominator: 6 }) => {
            over("HardSigmoid", Vec::new())
        }
        Operation::Activation(Activation::HardSigmoid { numerator, denominator }) => {
            over("HardSigmoid", [numerator, denominator].map(Type::named).to_vec())
        }
        Operation::Activation(activation) => over(&format!("{activation:?}"), Vec::new()),
        Operation::Residual { layers, shortcut } => {
            let shortcut = (!shortcut.is_empty()).then(|| branch(shortcut)).transpose()?;
            residual(module, branch(layers)?, shortcut)
        }
        Operation::Concat { first, second } => {
            with("Concat", vec![branch(first)?, branch(second)?])
        }
    })
}

fn map(map: Map) -> Type {
    match map {
        [1, length, channels] => {
            Type::with("nn::Signal", [length, channels].map(Type::named).to_vec())
        }
        _ => Type::with("nn::Map", map.map(Type::named).to_vec()),
    }
}

/// The window, with those of its parts that are not the default; in time, only with its horizontal
/// numbers.
fn sliding(window: Window, in_time: bool) -> Type {
    let pair = |name: &str, [vertical, horizontal]: [usize; 2]| {
        let numbers = if vertical == horizontal || in_time {
            vec![horizontal]
        } else {
            vec![vertical, horizontal]
        };
        Type::with(name, numbers.into_iter().map(Type::named).collect())
    };
    let default = |[vertical, horizontal]: [usize; 2], value: usize| {
        horizontal == value && (in_time || vertical == value)
    };
    let [[top, bottom], [left, right]] = window.padding;
    let padding = if top == bottom && left == right {
        pair("nn::Padding", [top, left])
    } else {
        let sides = [top, bottom, left, right].map(Type::named);
        Type::with("nn::PaddingBySide", sides.to_vec())
    };
    let dilated = !default(window.dilation, 1);
    let padded = window.padded() || dilated;
    let mut arguments = vec![pair("nn::Kernel", window.size)];
    if padded || !default(window.stride, 1) {
        arguments.push(pair("nn::Stride", window.stride));
    }
    if padded {
        arguments.push(padding);
    }
    if dilated {
        arguments.push(pair("nn::Dilation", window.dilation));
    }
    Type::with("nn::Window", arguments)
}
