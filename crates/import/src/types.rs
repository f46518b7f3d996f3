//! The Rust types of a network, laid out as rustfmt does.

use super::graph::{Activation, Form, Map, Node, Operation, Window, length};
use super::spec::Train;

/// A type and its arguments.
#[derive(Clone, Debug)]
pub struct Type {
    name: String,
    arguments: Vec<Type>,
}

const LINE: usize = 100;

impl Type {
    /// A name or a number.
    pub fn named(name: impl ToString) -> Self {
        Self::with(name, Vec::new())
    }

    /// A type with its arguments.
    pub fn with(name: impl ToString, arguments: Vec<Self>) -> Self {
        Self { name: name.to_string(), arguments }
    }

    /// Of one or more layers.
    pub fn chain(layers: Vec<Self>) -> Self {
        let chained = layers
            .into_iter()
            .rev()
            .reduce(|behind, layer| Self::with("nn::Chain", vec![layer, behind]));
        chained.unwrap_or_else(|| Self::named("()"))
    }

    fn on_one_line(&self) -> String {
        if self.arguments.is_empty() {
            return self.name.clone();
        }
        let arguments: Vec<String> = self.arguments.iter().map(Self::on_one_line).collect();
        format!("{}<{}>", self.name, arguments.join(", "))
    }

    /// `prefix` is what stands before it on its line; a character follows it.
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
        format!("{}<\n{}{:indent$}>", self.name, lines.collect::<String>(), "")
    }

    /// `type name = …;`
    pub fn declared(&self, declaration: &str) -> String {
        let prefix = format!("{declaration} = ");
        let line = self.on_one_line();
        if prefix.len() + line.len() >= LINE && 4 + line.len() < LINE {
            return format!("{declaration} =\n    {line};\n");
        }
        format!("{prefix}{};\n", self.laid_out(&prefix, 0))
    }
}

/// The layer in `f32`.
pub fn float(node: &Node, in_backbone: bool) -> Type {
    let trained = match node.train {
        _ if in_backbone => None,
        Train::All => None,
        Train::Biases => Some(Type::named("nn::BiasesOnly")),
        Train::Frozen => Some(Type::named("nn::Frozen")),
    };
    let mut layer = shaped("nn", node);
    if node.source.is_some()
        && let Some(trained) = trained
    {
        // All defaults before it must be named.
        if let Operation::Convolution(window, Form::Conv1d) = node.operation {
            layer = conv1d("nn", node, window, true);
        }
        if let Operation::LayerNorm { .. } = node.operation {
            layer.arguments.push(Type::named(1));
        }
        layer.arguments.push(trained);
    }
    layer
}

/// The layer in int8.
pub fn int8(node: &Node) -> Type {
    shaped("nn::int8", node)
}

fn shaped(module: &str, node: &Node) -> Type {
    let with = |name: &str, arguments| Type::with(format!("{module}::{name}"), arguments);
    let count = || Type::named(length(node.output));
    match node.operation {
        Operation::Convolution(window, Form::Conv2d) => {
            with("Conv2d", vec![map(node.input), sliding(window), Type::named(node.output[2])])
        }
        Operation::Convolution(window, Form::Conv1d) => conv1d(module, node, window, false),
        Operation::Convolution(_, Form::Dense) => {
            with("Dense", vec![Type::named(length(node.input)), count()])
        }
        Operation::Depthwise(window) => {
            with("DepthwiseConv2d", vec![map(node.input), sliding(window)])
        }
        Operation::MaxPool(window) => with("MaxPool", vec![map(node.input), sliding(window)]),
        Operation::AveragePool(window) if whole(node.input, window) => {
            with("GlobalAveragePool", vec![map(node.input)])
        }
        Operation::AveragePool(window) => {
            with("AveragePool", vec![map(node.input), sliding(window)])
        }
        Operation::LayerNorm { .. } => with("LayerNorm", vec![count()]),
        Operation::Activation(Activation::LeakyRelu { numerator, denominator }) => {
            with("LeakyRelu", vec![count(), Type::named(numerator), Type::named(denominator)])
        }
        Operation::Activation(activation) => with(&format!("{activation:?}"), vec![count()]),
    }
}

fn whole(map: Map, window: Window) -> bool {
    window.size == [map[0], map[1]] && window.padding == [0, 0]
}

fn conv1d(module: &str, node: &Node, window: Window, in_full: bool) -> Type {
    let [_, length, channels] = node.input;
    let mut numbers = vec![length, channels, node.output[2], window.size[1]];
    let defaults = match (window.stride[1], window.padding[1]) {
        (1, 0) if !in_full => Vec::new(),
        (stride, 0) if !in_full => vec![stride],
        (stride, padding) => vec![stride, padding],
    };
    numbers.extend(defaults);
    Type::with(format!("{module}::Conv1d"), numbers.into_iter().map(Type::named).collect())
}

fn map(map: Map) -> Type {
    Type::with("nn::Map", map.map(Type::named).to_vec())
}

fn sliding(window: Window) -> Type {
    let mut numbers = window.size.to_vec();
    if window.stride != [1, 1] || window.padding != [0, 0] {
        numbers.extend(window.stride);
    }
    if window.padding != [0, 0] {
        numbers.extend(window.padding);
    }
    Type::with("nn::Window", numbers.into_iter().map(Type::named).collect())
}
