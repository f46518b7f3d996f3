//! From the nodes of an ONNX file to steps.

use super::room::Room;
use super::{Dataflow, Operation, Step, Value};
use crate::graph::{self, Activation, Divisor, Form, LayerNorm};
use crate::layout::{Layout, Order, Role};
use crate::onnx::model::ValueId;
use crate::onnx::network::{Network, Node};
use crate::onnx::operator::{self, Operator, PadMode};
use crate::onnx::tensor::{Element, Tensor, Values};
use crate::tensors::channels_last;
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
        let ([input], [(_, output)]) = (network.inputs.as_slice(), network.outputs.as_slice())
        else {
            bail!(
                "expected one input and one output, found {} and {}",
                network.inputs.len(),
                network.outputs.len()
            );
        };
        let mut lowering = Lowering {
            network,
            values: Vec::new(),
            steps: Vec::new(),
            views: vec![None; network.values.len()],
            notes: network.dropped.clone(),
            room: room(network),
        };
        let layout = Layout::new(order, lowering.shape(*input)?).context("the input")?;
        let value = lowering.value(*input, layout.clone());
        lowering.views[*input] = Some(View { value, layout });
        for node in &network.nodes {
            lowering.node(node).with_context(|| node.label.clone())?;
        }
        let view = lowering.views[*output].clone().context("nothing makes the output")?;
        let View { value: output, layout: output_layout } = view;
        let Lowering { values, steps, notes, .. } = lowering;
        Ok(Self {
            values,
            steps,
            output,
            file_output: output,
            output_layout,
            ends_in_softmax: false,
            is_hybrid: false,
            takes_numbers: true,
            notes,
        })
    }
}

/// A value of the file: one of the steps', and how the file shows it.
#[derive(Clone, Debug)]
struct View {
    value: usize,
    layout: Layout,
}

struct Lowering<'m, 'a> {
    network: &'m Network<'a>,
    values: Vec<Value>,
    steps: Vec<Step>,
    /// What is known of each value of the file.
    views: Vec<Option<View>>,
    notes: Vec<String>,
    room: Room,
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
        self.values.push(Value { name, tensor: Some(of), layout, scale: None });
        self.values.len() - 1
    }

    fn view(&self, node: &Node, index: usize) -> Result<View> {
        let value = node.inputs.get(index).copied().flatten();
        let value = value.with_context(|| format!("expected an input {index}"))?;
        self.views[value].clone().with_context(|| {
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
        self.views[output] = Some(view);
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
        self.room.take(weights.len() + biases.len())?;
        self.steps.push(Step {
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
        });
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

    /// The map that a node takes, whose channels must be its first dimension.
    fn map(&self, node: &Node) -> Result<graph::Map> {
        let layout = self.view(node, 0)?.layout;
        ensure!(
            layout.is(ORDER),
            "expected channels before positions, as ONNX has them elsewhere, found {:?}",
            layout.shape()
        );
        Ok(layout.map())
    }

    fn convolution(&mut self, node: &Node, window: &operator::Window, groups: usize) -> Result<()> {
        let map @ [_, _, channels] = self.map(node)?;
        let window = convert(window);
        let (shape, weights) = self.numbers(node, 1, "weights")?;
        let filters = *shape.first().context("expected filters")?;
        let each = channels / groups.max(1);
        let positions = window.positions();
        ensure!(
            weights.len() == filters * each * positions,
            "expected weights of {filters} filters with {each} channels, found {shape:?}"
        );
        let depthwise = groups == channels && filters == channels && channels > 1;
        let (operation, weights) = if depthwise {
            let weights = channels_last(weights, 1, channels, positions);
            (graph::Operation::Depthwise(window), weights)
        } else {
            let weights = channels_last(weights, filters, each, positions);
            let operation = match groups {
                1 => graph::Operation::Convolution(window, window.form(map)),
                groups => graph::Operation::Grouped(window, groups),
            };
            (operation, weights)
        };
        let biases = self.biases(node, filters)?;
        let View { value, layout } = self.view(node, 0)?;
        let output = window.slide(map, filters)?;
        let layout = layout.with_map(output);
        let filters = if depthwise { 0 } else { filters };
        let parameters = Parameters { filters, weights, biases };
        self.push(node, Operation::Layer(operation), vec![value], layout, parameters)
    }

    fn biases(&self, node: &Node, outputs: usize) -> Result<Vec<f32>> {
        if node.inputs.get(2).copied().flatten().is_none() {
            return Ok(vec![0.0; outputs]);
        }
        let (shape, biases) = self.numbers(node, 2, "biases")?;
        ensure!(
            biases.len() == outputs || biases.len() == 1,
            "expected {outputs} biases, found {shape:?}"
        );
        Ok(biases.iter().copied().cycle().take(outputs).collect())
    }

    /// A matrix times a vector, or times the channels of each position.
    fn dense(&mut self, node: &Node, transposed: bool, alpha: f32, beta: f32) -> Result<()> {
        let View { value, layout } = self.view(node, 0)?;
        let (shape, weights) = self.numbers(node, 1, "weights")?;
        let (inputs, outputs) = match (shape, transposed) {
            ([outputs, inputs], true) | ([inputs, outputs], false) => (*inputs, *outputs),
            _ => bail!("expected a matrix of weights, found {shape:?}"),
        };
        let map = layout.map();
        let one_dimension = layout.is_vector();
        let (operation, places, out) = if one_dimension {
            let window = graph::Window { stride: [1; 2], ..graph::Window::whole(map) };
            let out = Layout::new(ORDER, &[outputs])?;
            (graph::Operation::Convolution(window, Form::Dense), layout.places(), out)
        } else {
            ensure!(
                layout.channels() == Some(layout.shape().len() - 1),
                "expected the channels in the last dimension, found {:?}",
                layout.shape()
            );
            let window = graph::Window::one();
            let operation = graph::Operation::Convolution(window, window.form(map));
            (operation, (0..map[2]).collect(), layout.with_channels(outputs))
        };
        ensure!(
            places.len() == inputs,
            "expected {} weights for each output, found {inputs}",
            places.len()
        );
        let weight = |output: usize, input: usize| {
            weights[if transposed { output * inputs + input } else { input * outputs + output }]
        };
        let of = |output| places.iter().map(move |place| alpha * weight(output, *place));
        let weights = (0..outputs).flat_map(of).collect();
        let biases = self.biases(node, outputs)?.iter().map(|bias| beta * bias).collect();
        let parameters = Parameters { filters: outputs, weights, biases };
        self.push(node, Operation::Layer(operation), vec![value], out, parameters)
    }

    /// Numbers of a constant that are one for all or one for each channel, as it is repeated along
    /// the dimensions of the first input.
    fn by_channel(&self, node: &Node, index: usize, what: &str) -> Result<Vec<f32>> {
        let other = if index == 0 { 1 } else { 0 };
        let layout = self.view(node, other)?.layout;
        let (shape, numbers) = self.numbers(node, index, what)?;
        let dimensions = layout.shape().len() + 1;
        let missing = dimensions.checked_sub(shape.len());
        let missing = missing.with_context(|| format!("{what}: found shape {shape:?}"))?;
        let mut long = shape.iter().enumerate().filter(|(_, length)| **length != 1);
        let Some((place, length)) = long.next() else { return Ok(numbers.to_vec()) };
        let channels = layout.channels().map(|dimension| dimension + 1);
        ensure!(
            long.next().is_none()
                && channels == Some(place + missing)
                && *length == layout.map()[2],
            "expected {what} that are one for all or one for each of {} channels, found shape \
             {shape:?}",
            layout.map()[2]
        );
        Ok(numbers.to_vec())
    }

    fn arithmetic(&mut self, node: &Node) -> Result<()> {
        let constant = [0, 1].into_iter().find(|index| self.constant(node, *index).is_some());
        let Some(index) = constant else { return self.of_two(node) };
        let View { value, layout } = self.view(node, 1 - index)?;
        let channels = layout.map()[2];
        let numbers = self.by_channel(node, index, "numbers")?;
        let each = || numbers.iter().copied().cycle().take(channels);
        let (weights, biases): (Vec<f32>, Vec<f32>) = match (&node.operator, index) {
            (Operator::Add, _) => (vec![1.0; channels], each().collect()),
            (Operator::Sub, 1) => (vec![1.0; channels], each().map(|x| -x).collect()),
            (Operator::Sub, _) => (vec![-1.0; channels], each().collect()),
            (Operator::Mul, _) => (each().collect(), vec![0.0; channels]),
            (Operator::Div, 1) => (each().map(f32::recip).collect(), vec![0.0; channels]),
            _ => bail!("a constant that is divided by what is computed has no layer here"),
        };
        ensure!(weights.iter().all(|weight| weight.is_finite()), "expected no division by 0");
        let operation = Operation::Layer(graph::Operation::ScaleShift);
        let parameters = Parameters { filters: 0, weights, biases };
        self.push(node, operation, vec![value], layout, parameters)
    }

    /// The sum of two values, or a value times a function of itself.
    fn of_two(&mut self, node: &Node) -> Result<()> {
        let (one, other) = (self.view(node, 0)?, self.view(node, 1)?);
        ensure!(
            one.layout == other.layout,
            "expected two values of the same shape, found {:?} and {:?}",
            one.layout.shape(),
            other.layout.shape()
        );
        if node.operator == Operator::Mul {
            let product = [(&one, &other), (&other, &one)].into_iter().find_map(|(of, gate)| {
                let maker = self.steps.iter().position(|step| step.output == gate.value)?;
                let step = &self.steps[maker];
                let function = match step.operation {
                    Operation::Layer(graph::Operation::Activation(function)) => function,
                    _ => return None,
                };
                let product = match function {
                    Activation::Sigmoid => Activation::Silu,
                    Activation::HardSigmoid { numerator: 1, denominator: 6 } => {
                        Activation::HardSwish
                    }
                    _ => return None,
                };
                (step.inputs == [of.value]).then_some((maker, of.value, product))
            });
            let Some((maker, of, product)) = product else {
                bail!(
                    "the product of two values has no layer here, but that of a value and its \
                     sigmoid (SiLU) or its hard sigmoid (hard-swish)"
                );
            };
            let only =
                self.steps.iter().all(|step| !step.inputs.contains(&self.steps[maker].output));
            ensure!(only, "expected its sigmoid to be used nowhere else");
            self.notes.push(format!("{} is part of {}", self.steps[maker].label, node.label));
            self.steps.remove(maker);
            let operation = Operation::Layer(graph::Operation::Activation(product));
            return self.push(node, operation, vec![of], one.layout, Parameters::default());
        }
        ensure!(
            node.operator == Operator::Add,
            "{} of two values has no layer here, only their sum has",
            node.kind
        );
        let inputs = vec![one.value, other.value];
        self.push(node, Operation::Add, inputs, one.layout, Parameters::default())
    }

    fn batch_norm(&mut self, node: &Node, epsilon: f32) -> Result<()> {
        let layout = self.view(node, 0)?.layout;
        let channels = layout.map()[2];
        ensure!(
            layout.channels() == Some(0),
            "expected channels in the first dimension, found {:?}",
            layout.shape()
        );
        let names = ["scales", "shifts", "means", "variances"];
        let mut all = Vec::new();
        for (index, what) in names.into_iter().enumerate() {
            let (_, numbers) = self.numbers(node, index + 1, what)?;
            ensure!(
                numbers.len() == channels,
                "expected {channels} {what}, found {}",
                numbers.len()
            );
            all.push(numbers);
        }
        ensure!(all[3].iter().all(|variance| *variance >= 0.0), "expected variances of 0 or above");
        let factor = |channel: usize| {
            f64::from(all[0][channel]) / (f64::from(all[3][channel]) + f64::from(epsilon)).sqrt()
        };
        let shift = |channel: usize| {
            f64::from(all[1][channel]) - f64::from(all[2][channel]) * factor(channel)
        };
        let weights = (0..channels).map(|channel| factor(channel) as f32).collect();
        let biases = (0..channels).map(|channel| shift(channel) as f32).collect();
        let parameters = Parameters { filters: 0, weights, biases };
        self.same(node, graph::Operation::ScaleShift, parameters)
    }

    fn layer_norm(&mut self, node: &Node, axis: usize, epsilon: f32) -> Result<()> {
        let layout = self.view(node, 0)?.layout;
        let shape = layout.shape();
        let from = axis.checked_sub(1).context("expected a norm that leaves the batch alone")?;
        let (dimensions, places) = if from == 0 {
            (shape.len(), layout.places())
        } else {
            ensure!(
                from + 1 == shape.len() && layout.channels() == Some(from),
                "expected a norm over all values, or over the channels in the last dimension"
            );
            (0, (0..layout.map()[2]).collect())
        };
        let read = |index: usize, what: &str, neutral: f32| {
            if node.inputs.get(index).copied().flatten().is_none() {
                return Ok(vec![neutral; places.len()]);
            }
            let (_, numbers) = self.numbers(node, index, what)?;
            ensure!(numbers.len() == places.len(), "expected {} {what}", places.len());
            Ok(places.iter().map(|place| numbers[*place]).collect())
        };
        let (weights, biases) = (read(1, "scales", 1.0)?, read(2, "shifts", 0.0)?);
        let operation = graph::Operation::LayerNorm(LayerNorm { dimensions, epsilon });
        self.same(node, operation, Parameters { filters: 0, weights, biases })
    }

    /// The window of a pool, and whether it reaches beyond the padding.
    fn pool_window(
        &self,
        node: &Node,
        window: &operator::Window,
        ceil: bool,
        map: graph::Map,
    ) -> Result<(graph::Window, bool)> {
        let mut window = convert(window);
        if !ceil {
            return Ok((window, false));
        }
        let shape = self.shape(self.output(node)?)?;
        let mut beyond = false;
        // The last two dimensions, or the last one of a signal.
        for (direction, places) in [0, 1].into_iter().rev().zip(shape.iter().skip(1).rev()) {
            let reach = (places - 1) * window.stride[direction] + window.span(direction);
            let padded = map[direction] + window.padding[direction].iter().sum::<usize>();
            let more = reach.saturating_sub(padded);
            window.padding[direction][1] += more;
            beyond |= more > 0;
        }
        Ok((window, beyond))
    }

    fn pool(&mut self, node: &Node, operation: graph::Operation) -> Result<()> {
        let View { value, layout } = self.view(node, 0)?;
        let map = self.map(node)?;
        let (graph::Operation::MaxPool(window) | graph::Operation::AveragePool(window, _)) =
            operation
        else {
            bail!("expected a pool");
        };
        let layout = layout.with_map(window.slide(map, map[2])?);
        self.push(node, Operation::Layer(operation), vec![value], layout, Parameters::default())
    }

    fn mean(&mut self, node: &Node, axes: &[usize], keep: bool) -> Result<()> {
        let View { value, layout } = self.view(node, 0)?;
        let map = layout.map();
        let channels =
            layout.channels().context("expected channels in a dimension of their own")?;
        let others = (0..layout.shape().len()).filter(|dimension| *dimension != channels);
        ensure!(
            others.map(|dimension| dimension + 1).eq(axes.iter().copied()),
            "expected the mean over all positions, found one over the dimensions {axes:?}"
        );
        let window = graph::Window::whole(map);
        let operation = graph::Operation::AveragePool(window, Divisor::Window);
        let kept = layout.with_map([1, 1, map[2]]);
        let layout = if keep { kept } else { kept.reshaped(ORDER, &[map[2]])? };
        self.push(node, Operation::Layer(operation), vec![value], layout, Parameters::default())
    }

    fn concat(&mut self, node: &Node, axis: usize) -> Result<()> {
        let views: Result<Vec<View>> =
            (0..node.inputs.len()).map(|index| self.view(node, index)).collect();
        let views = views?;
        let all = |view: &View| view.layout.channels().map(|dimension| dimension + 1) == Some(axis);
        ensure!(
            views.iter().all(all),
            "expected maps that are put together by their channels, found dimension {axis}"
        );
        let channels = views.iter().map(|view| view.layout.map()[2]).sum();
        let first = views.first().context("expected an input")?;
        let layout = first.layout.with_channels(channels);
        let inputs = views.iter().map(|view| view.value).collect();
        self.push(node, Operation::Concat, inputs, layout, Parameters::default())
    }

    fn pad(&mut self, node: &Node, pads: &[[usize; 2]], mode: PadMode) -> Result<()> {
        let View { value, layout } = self.view(node, 0)?;
        ensure!(mode == PadMode::Constant(0.0), "expected zeros around the map, found {mode:?}");
        let mut sides = [[0; 2]; 2];
        let mut map = layout.map();
        for (dimension, pads) in pads.iter().enumerate().filter(|(_, pads)| **pads != [0, 0]) {
            let role = dimension.checked_sub(1).and_then(|dimension| layout.role(dimension));
            let direction = match role {
                Some(Role::Rows) => 0,
                Some(Role::Columns) => 1,
                _ => bail!("expected zeros around rows and columns only, found {pads:?}"),
            };
            sides[direction] = *pads;
            map[direction] += pads[0] + pads[1];
        }
        let layout = layout.with_map(map);
        self.push(node, Operation::Pad(sides), vec![value], layout, Parameters::default())
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

fn convert(window: &operator::Window) -> graph::Window {
    let operator::Window { kernel, strides, dilations, pads } = *window;
    let [top, left, bottom, right] = pads;
    let padding = [[top, bottom], [left, right]];
    graph::Window { size: kernel, stride: strides, padding, dilation: dilations }
}
