//! From the nodes of an ONNX file to steps.

mod norms;
mod sums;
mod windows;

use super::lowered::{Lowered, View, only};
use super::room::Room;
use super::{Dataflow, Operation, Step, Value};
use crate::graph::{self, Activation, Divisor};
use crate::layout::{Layout, Order};
use crate::onnx::model::ValueId;
use crate::onnx::network::{Network, Node};
use crate::onnx::operator::Operator;
use crate::onnx::tensor::{Element, Tensor, Values};
use anyhow::{Context, Result, bail, ensure};

const ORDER: Order = Order::ChannelsFirst;

const NO_LAYER: &str = "this operator has no layer here; docs/import.md lists those that have one. \
                        Export the model without it, or up to it";

impl Dataflow {
    /// The steps of a network with one input and one output.
    ///
    /// # Errors
    ///
    /// A node that has no layer here, by its operator and name.
    pub fn from_onnx(network: &Network) -> Result<Self> {
        if let Some(node) = network.unknown() {
            bail!("{}: {NO_LAYER}", node.label);
        }
        // Whether an input of three dimensions has its channels first is told by what uses it.
        let first = Self::with_input(network, ORDER);
        let last = || Self::with_input(network, Order::ChannelsLast);
        first.or_else(|error| last().map_err(|_| error))
    }

    fn with_input(network: &Network, order: Order) -> Result<Self> {
        let (input, (_, output)) = only(&network.inputs, &network.outputs)?;
        let mut lowered = Lowered::new(network.values.len(), room(network));
        lowered.notes.clone_from(&network.dropped);
        let mut lowering = Lowering { network, lowered };
        let layout = Layout::new(order, lowering.shape(input)?).context("the input")?;
        let value = lowering.value(input, layout.clone());
        lowering.lowered.views[input] = Some(View { value, layout });
        for node in &network.nodes {
            lowering.node(node).with_context(|| node.label.clone())?;
        }
        lowering.lowered.finish(output)
    }
}

struct Lowering<'m, 'a> {
    network: &'m Network<'a>,
    lowered: Lowered,
}

/// The room that the constants of a file leave for parameters.
fn room(network: &Network) -> Room {
    let constants = network.values.iter().filter_map(|value| value.constant.as_ref());
    let (values, bytes) = constants.fold((0, 0), |(values, bytes), constant| {
        let count = constant.shape.iter().product::<usize>();
        let wide = if constant.element == Element::F32 { 4 } else { 1 };
        (values + count, bytes + wide * count)
    });
    Room::new(values, bytes)
}

/// A layer and its parameters.
#[derive(Default)]
struct Parameters {
    filters: usize,
    weights: Vec<f32>,
    biases: Vec<f32>,
}

impl<'m, 'a> Lowering<'m, 'a> {
    /// The shape of a value of the file, without its batch.
    fn shape(&self, value: ValueId) -> Result<&'m [usize]> {
        let value = &self.network.values[value];
        match value.shape.as_deref().and_then(<[usize]>::split_first) {
            Some((1, shape)) => Ok(shape),
            _ => bail!(
                "expected a batch of 1 before the other dimensions of {}, found {:?}",
                value.name,
                value.shape
            ),
        }
    }

    /// Makes a value that lies so.
    fn value(&mut self, of: ValueId, layout: Layout) -> usize {
        let name = self.network.values[of].name.to_owned();
        self.lowered.add_value(Value { name, tensor: Some(of), layout, scale: None })
    }

    fn view(&self, node: &Node, index: usize) -> Result<View> {
        let value = node.inputs.get(index).copied().flatten();
        let value = value.with_context(|| format!("expected an input {index}"))?;
        self.lowered.views[value].clone().with_context(|| {
            format!("expected an input that is computed, found {}", self.network.values[value].name)
        })
    }

    fn constant(&self, node: &Node, index: usize) -> Option<&'m Tensor> {
        self.network.constant(node.inputs.get(index).copied().flatten())
    }

    /// The numbers of a constant that must be there.
    fn numbers(&self, node: &Node, index: usize, what: &str) -> Result<(&'m [usize], &'m [f32])> {
        let tensor = self.constant(node, index);
        let tensor = tensor.with_context(|| format!("expected constant {what}"))?;
        Ok((&tensor.shape, floats(tensor).with_context(|| what.to_owned())?))
    }

    fn output(&self, node: &Node) -> Result<ValueId> {
        node.outputs.first().copied().flatten().context("expected an output")
    }

    /// The node's output shows another value in another way.
    fn show(&mut self, node: &Node, view: View) -> Result<()> {
        let output = self.output(node)?;
        let (found, expected) = (view.layout.shape(), self.shape(output)?);
        ensure!(found == expected, "expected an output of {expected:?}, found {found:?}");
        self.lowered.views[output] = Some(view);
        Ok(())
    }

    /// Adds a step whose output lies so.
    fn push(
        &mut self,
        node: &Node,
        operation: Operation,
        inputs: Vec<usize>,
        layout: Layout,
        parameters: Parameters,
    ) -> Result<()> {
        let output = self.value(self.output(node)?, layout.clone());
        let Parameters { filters, weights, biases } = parameters;
        self.lowered.add_step(Step {
            label: node.label.clone(),
            names: self.names(node),
            operation,
            filters,
            inputs,
            output,
            weights,
            biases,
            integers: None,
            fused: false,
        })?;
        self.show(node, View { value: output, layout })
    }

    /// What a user may call a node: what its tensors' names have in common, its own name, and those
    /// of its tensors and of its output.
    fn names(&self, node: &Node) -> Vec<String> {
        // A constant may come before what it is added to.
        let first = node.inputs.iter().take(1).filter(|id| self.network.constant(**id).is_some());
        let inputs = first.chain(node.inputs.iter().skip(1));
        let ids = inputs.flatten().chain(node.outputs.iter().flatten());
        let tensors: Vec<&str> = ids.map(|value| self.network.values[*value].name).collect();
        let own = node.label.strip_prefix("node ").and_then(|label| label.rsplit_once(" ("));
        let modules = tensors
            .iter()
            .filter_map(|name| name.strip_suffix(".weight").or_else(|| name.strip_suffix(".bias")));
        let names = modules.chain(own.map(|(name, _)| name)).chain(tensors.iter().copied());
        let mut unique: Vec<String> = Vec::new();
        for name in names {
            if !unique.iter().any(|other| other == name) {
                unique.push(name.to_owned());
            }
        }
        unique
    }

    /// Adds a step of the first input that keeps its shape.
    fn same(
        &mut self,
        node: &Node,
        operation: graph::Operation,
        parameters: Parameters,
    ) -> Result<()> {
        let View { value, layout } = self.view(node, 0)?;
        self.push(node, Operation::Layer(operation), vec![value], layout, parameters)
    }

    fn function(&mut self, node: &Node, activation: Activation) -> Result<()> {
        self.same(node, graph::Operation::Activation(activation), Parameters::default())
    }

    fn node(&mut self, node: &Node) -> Result<()> {
        match &node.operator {
            Operator::Conv { window, group } => self.convolution(node, window, *group),
            Operator::Gemm { alpha, beta, transposed } => {
                ensure!(!transposed[0], "expected an input that is not transposed");
                self.dense(node, transposed[1], *alpha, *beta)
            }
            Operator::MatMul => self.dense(node, false, 1.0, 1.0),
            Operator::Add | Operator::Sub | Operator::Mul | Operator::Div => self.arithmetic(node),
            Operator::Relu => self.function(node, Activation::Relu),
            Operator::Clip { low: 0.0, high } if *high == 6.0 => {
                self.function(node, Activation::Relu6)
            }
            Operator::Clip { low: 0.0, high } if high.is_infinite() => {
                self.function(node, Activation::Relu)
            }
            Operator::Clip { low, high } => {
                bail!("only the bounds of ReLU and ReLU6 have a layer here, found {low} to {high}")
            }
            Operator::LeakyRelu { alpha } => {
                let [numerator, denominator] = graph::fraction("alpha", f64::from(*alpha))?;
                self.function(node, Activation::LeakyRelu { numerator, denominator })
            }
            Operator::PRelu => {
                let channels = self.view(node, 0)?.layout.map()[2];
                let weights = self.by_channel(node, 1, "slopes")?;
                let weights = weights.into_iter().cycle().take(channels).collect();
                let parameters = Parameters { weights, ..Parameters::default() };
                self.same(node, graph::Operation::ParametricRelu, parameters)
            }
            Operator::Elu { alpha } => {
                let [numerator, denominator] = graph::fraction("alpha", f64::from(*alpha))?;
                self.function(node, Activation::Elu { numerator, denominator })
            }
            Operator::Sigmoid => self.function(node, Activation::Sigmoid),
            Operator::HardSigmoid { alpha, beta: 0.5 } => {
                let [numerator, denominator] = graph::fraction("alpha", f64::from(*alpha))?;
                self.function(node, Activation::HardSigmoid { numerator, denominator })
            }
            Operator::HardSwish => self.function(node, Activation::HardSwish),
            Operator::Swish { alpha: 1.0 } => self.function(node, Activation::Silu),
            Operator::Tanh => self.function(node, Activation::Tanh),
            Operator::Gelu { tanh: false } => self.function(node, Activation::Gelu),
            Operator::Gelu { tanh: true } => {
                bail!("GELU by its approximation with tanh has no layer here; the exact one has")
            }
            Operator::Softmax { axis } => {
                let View { value, layout } = self.view(node, 0)?;
                ensure!(
                    layout.is_vector() && *axis == 1,
                    "expected a softmax over a vector, found one over dimension {axis} of {:?}",
                    layout.shape()
                );
                self.push(node, Operation::Softmax, vec![value], layout, Parameters::default())
            }
            Operator::BatchNormalization { epsilon } => self.batch_norm(node, *epsilon),
            Operator::LayerNormalization { axis, epsilon } => {
                self.layer_norm(node, *axis, *epsilon)
            }
            Operator::MaxPool { window, ceil } => {
                let map = self.map(node)?;
                let (window, _) = self.pool_window(node, window, *ceil, map)?;
                self.pool(node, graph::Operation::MaxPool(window))
            }
            Operator::AveragePool { window, ceil, count_pads } => {
                let map = self.map(node)?;
                let padded = window.pads != [0; 4];
                let (window, beyond) = self.pool_window(node, window, *ceil, map)?;
                ensure!(
                    !(beyond && padded && *count_pads),
                    "expected an average that counts no padding, or no windows beyond it: leave \
                     ceil_mode or count_include_pad away"
                );
                let divisor = if padded && *count_pads || !window.padded() {
                    Divisor::Window
                } else {
                    Divisor::Map
                };
                self.pool(node, graph::Operation::AveragePool(window, divisor))
            }
            Operator::GlobalAveragePool => {
                let window = graph::Window::whole(self.map(node)?);
                self.pool(node, graph::Operation::AveragePool(window, Divisor::Window))
            }
            Operator::GlobalMaxPool => {
                let window = graph::Window::whole(self.map(node)?);
                self.pool(node, graph::Operation::MaxPool(window))
            }
            Operator::ReduceMean { axes, keep } => self.mean(node, axes, *keep),
            Operator::Reshape => {
                let View { value, layout } = self.view(node, 0)?;
                let shape = self.shape(self.output(node)?)?;
                let layout = layout.reshaped(ORDER, shape)?;
                self.show(node, View { value, layout })
            }
            Operator::Transpose { order } => {
                let View { value, layout } = self.view(node, 0)?;
                ensure!(
                    order.first() == Some(&0),
                    "expected the batch to stay the first dimension, found {order:?}"
                );
                let order: Vec<usize> = order[1..].iter().map(|index| index - 1).collect();
                let layout = layout.transposed(&order)?;
                self.show(node, View { value, layout })
            }
            Operator::Concat { axis } => self.concat(node, *axis),
            Operator::Pad { pads, mode } => self.pad(node, pads, *mode),
            Operator::QuantizeLinear { .. } | Operator::DequantizeLinear { .. } => bail!(
                "quantised ONNX models have no layers here: import the model before it was \
                 quantised, with --int8, or as TFLite in full int8"
            ),
            _ => bail!("{NO_LAYER}"),
        }
    }
}

/// The numbers of a constant, which must be finite.
fn floats(tensor: &Tensor) -> Result<&[f32]> {
    let Values::Floats(values) = &tensor.values else {
        bail!("expected floats, found {:?}", tensor.element);
    };
    ensure!(values.iter().all(|value| value.is_finite()), "expected finite numbers");
    Ok(values)
}
