//! From the operators of a TFLite file to steps.

use super::room::Room;
use super::{Dataflow, Integers, Operation, Scale, Step, Value};
use crate::graph::{self, Activation, Divisor, Form};
use crate::layout::{Layout, Order};
use crate::tflite::{self, Binary, Function, Model, Operator, Tensor, Type};
use anyhow::{Context, Result, bail, ensure};

const ORDER: Order = Order::ChannelsLast;

impl Dataflow {
    /// The steps of a network with one input and one output.
    ///
    /// # Errors
    ///
    /// An operator that has no layer here, by its name.
    pub fn from_tflite(model: &Model) -> Result<Self> {
        let ([input], [output]) = (model.inputs.as_slice(), model.outputs.as_slice()) else {
            bail!(
                "expected one input and one output, found {} and {}",
                model.inputs.len(),
                model.outputs.len()
            );
        };
        let mut lowering = Lowering {
            model,
            values: Vec::new(),
            steps: Vec::new(),
            views: vec![None; model.tensors.len()],
            notes: Vec::new(),
            is_hybrid: false,
            room: room(model),
        };
        let first = lowering.fresh(*input).context("the input")?;
        lowering.views[*input] = Some(first);
        for operator in &model.operators {
            lowering.operator(operator).with_context(|| lowering.label(operator))?;
        }
        let view = lowering.views[*output].clone().context("nothing makes the output")?;
        let View { value: output, layout: output_layout } = view;
        let Lowering { values, steps, notes, is_hybrid, .. } = lowering;
        Ok(Self {
            values,
            steps,
            output,
            file_output: output,
            output_layout,
            ends_in_softmax: false,
            is_hybrid,
            takes_numbers: model.tensors[*input].kind == Type::F32,
            notes,
        })
    }
}

/// A tensor of the file: a value, and how the tensor shows it.
#[derive(Clone, Debug)]
struct View {
    value: usize,
    layout: Layout,
}

struct Lowering<'m, 'a> {
    model: &'m Model<'a>,
    values: Vec<Value>,
    steps: Vec<Step>,
    /// What is known of each tensor.
    views: Vec<Option<View>>,
    notes: Vec<String>,
    is_hybrid: bool,
    room: Room,
}

/// The room that the constants of a file leave for parameters.
fn room(model: &Model) -> Room {
    let constants = model.tensors.iter().filter(|tensor| tensor.data.is_some());
    let (values, bytes) = constants.fold((0, 0), |(values, bytes), tensor| {
        (values + tensor.len(), bytes + tensor.data.map_or(0, <[u8]>::len))
    });
    Room::new(values, bytes)
}

/// A layer and its parameters.
struct Weighted {
    operation: graph::Operation,
    filters: usize,
    weights: Vec<f32>,
    biases: Vec<f32>,
    integers: Option<Integers>,
}

impl Weighted {
    fn none(operation: graph::Operation) -> Self {
        Self { operation, filters: 0, weights: Vec::new(), biases: Vec::new(), integers: None }
    }
}

impl<'m, 'a> Lowering<'m, 'a> {
    /// What errors call an operator.
    fn label(&self, operator: &Operator) -> String {
        operator.label(self.model)
    }

    /// Makes a value of a tensor, whose first dimension is the batch.
    fn fresh(&mut self, tensor: usize) -> Result<View> {
        let index = tensor;
        let tensor = &self.model.tensors[index];
        let shape = match tensor.shape.split_first() {
            Some((1, shape)) => shape,
            _ => {
                bail!("expected a batch of 1 before the other dimensions, found {:?}", tensor.shape)
            }
        };
        let layout = Layout::new(ORDER, shape)?;
        let scale = match tensor.kind {
            Type::I8 | Type::U8 => {
                let quantisation = tensor.quantisation.as_ref();
                let all = quantisation.and_then(tflite::Quantisation::of_all);
                let (step, zero) =
                    all.context("expected one scale and one zero point for all values")?;
                // Bytes without a sign are counted from -128 here.
                let zero = if tensor.kind == Type::U8 { zero - 128 } else { zero };
                Some(Scale { step: f64::from(step), zero: i8::try_from(zero)? })
            }
            Type::F32 => None,
            other => bail!("expected values of float32, int8 or uint8, found {other}"),
        };
        let value = self.values.len();
        let name = tensor.name.to_owned();
        self.values.push(Value { name, tensor: Some(index), layout: layout.clone(), scale });
        Ok(View { value, layout })
    }

    fn view(&self, operator: &Operator, index: usize) -> Result<View> {
        let tensor = operator.inputs.get(index).copied().flatten();
        let tensor = tensor.with_context(|| format!("expected an input {index}"))?;
        let view = self.views[tensor].clone();
        view.with_context(|| {
            format!(
                "expected an input that is computed, found the constant {}",
                self.model.tensors[tensor].name
            )
        })
    }

    fn tensor(&self, operator: &Operator, index: usize) -> Option<&'m Tensor<'a>> {
        operator.inputs.get(index).copied().flatten().map(|tensor| &self.model.tensors[tensor])
    }

    /// The operator's output shows another value in another way.
    fn show(&mut self, operator: &Operator, view: View) {
        for output in &operator.outputs {
            self.views[*output] = Some(view.clone());
        }
    }

    fn operator(&mut self, operator: &Operator) -> Result<()> {
        use tflite::Operation as From;
        match &operator.operation {
            From::Convolution { window, activation } => {
                let weighted = self.convolution(operator, window)?;
                self.layer(operator, weighted, *activation)
            }
            From::Depthwise { window, multiplier, activation } => {
                let weighted = self.depthwise(operator, window, *multiplier)?;
                self.layer(operator, weighted, *activation)
            }
            From::FullyConnected { activation, .. } => {
                let weighted = self.dense(operator)?;
                self.layer(operator, weighted, *activation)
            }
            From::Binary(binary, activation) => self.binary(operator, *binary, *activation),
            From::Concatenation { axis } => {
                let views: Result<Vec<View>> =
                    (0..operator.inputs.len()).map(|index| self.view(operator, index)).collect();
                let views = views?;
                ensure!(
                    views.iter().all(|view| view.layout.channels().map(|c| c + 1) == Some(*axis)),
                    "expected maps that are put together by their channels, the last dimension, \
                     found dimension {axis}"
                );
                let inputs = views.iter().map(|view| view.value).collect();
                self.step(operator, Operation::Concat, inputs, tflite::Activation::None)
            }
            From::AveragePool { window, activation } => {
                let window = convert(window);
                let divisor = if window.padded() { Divisor::Map } else { Divisor::Window };
                let operation = graph::Operation::AveragePool(window, divisor);
                self.layer(operator, Weighted::none(operation), *activation)
            }
            From::MaxPool { window, activation } => {
                let operation = graph::Operation::MaxPool(convert(window));
                self.layer(operator, Weighted::none(operation), *activation)
            }
            From::Mean { axes } => {
                let map = self.view(operator, 0)?.layout;
                ensure!(
                    axes.iter().copied().eq(1..map.shape().len()) && map.is(ORDER),
                    "expected the mean over all positions, found one over the dimensions {axes:?}"
                );
                let window = graph::Window::whole(map.map());
                let operation = graph::Operation::AveragePool(window, Divisor::Window);
                self.layer(operator, Weighted::none(operation), tflite::Activation::None)
            }
            From::Pad { amounts } => self.pad(operator, amounts),
            From::Reshape => {
                let View { value, layout } = self.view(operator, 0)?;
                let shape = &self.model.tensors[operator.outputs[0]].shape;
                ensure!(shape.first() == Some(&1), "expected a batch of 1, found {shape:?}");
                let layout = layout.reshaped(ORDER, &shape[1..])?;
                self.show(operator, View { value, layout });
                Ok(())
            }
            From::Transpose { permutation } => {
                let View { value, layout } = self.view(operator, 0)?;
                ensure!(
                    permutation.first() == Some(&0),
                    "expected the batch to stay the first dimension, found {permutation:?}"
                );
                let order: Vec<usize> = permutation[1..].iter().map(|index| index - 1).collect();
                let layout = layout.transposed(&order)?;
                self.show(operator, View { value, layout });
                Ok(())
            }
            From::Softmax { beta } => {
                ensure!(*beta == 1.0, "expected a beta of 1, found {beta}");
                let view = self.view(operator, 0)?;
                self.step(operator, Operation::Softmax, vec![view.value], tflite::Activation::None)
            }
            From::Function(function) => {
                let operation = graph::Operation::Activation(activation(*function)?);
                self.layer(operator, Weighted::none(operation), tflite::Activation::None)
            }
            From::Prelu => {
                let channels = self.view(operator, 0)?.layout.map()[2];
                let slopes = self.tensor(operator, 1).context("expected slopes")?;
                let slopes = numbers(slopes)?;
                ensure!(
                    slopes.len() == channels || slopes.len() == 1,
                    "expected a slope for each of {channels} channels, found {}",
                    slopes.len()
                );
                let weights = slopes.iter().copied().cycle().take(channels).collect();
                let operation = graph::Operation::ParametricRelu;
                let weighted = Weighted { weights, ..Weighted::none(operation) };
                self.layer(operator, weighted, tflite::Activation::None)
            }
            From::Quantise | From::Dequantise => self.rescale(operator),
            From::Unknown => bail!(
                "this operator has no layer here; docs/import.md lists those that have one. \
                 Convert the model without it, or up to it"
            ),
        }
    }

    /// Adds a step of one input.
    fn layer(
        &mut self,
        operator: &Operator,
        weighted: Weighted,
        activation: tflite::Activation,
    ) -> Result<()> {
        let View { value, layout } = self.view(operator, 0)?;
        ensure!(
            layout.is(ORDER) || layout.is_vector(),
            "expected the channels in the last dimension, as TFLite has them elsewhere"
        );
        let real = self.values[value].scale.is_none();
        self.is_hybrid |= real && self.tensor(operator, 1).is_some_and(|w| w.kind == Type::I8);
        let Weighted { operation, filters, weights, biases, integers } = weighted;
        let step = Step {
            operation: Operation::Layer(operation),
            filters,
            weights,
            biases,
            integers,
            ..self.unfinished(operator, vec![value])
        };
        self.push(operator, step, activation)
    }

    /// Adds a step without parameters.
    fn step(
        &mut self,
        operator: &Operator,
        operation: Operation,
        inputs: Vec<usize>,
        activation: tflite::Activation,
    ) -> Result<()> {
        let step = Step { operation, ..self.unfinished(operator, inputs) };
        self.push(operator, step, activation)
    }

    /// A step that does not say yet what it computes.
    fn unfinished(&self, operator: &Operator, inputs: Vec<usize>) -> Step {
        let tensors = operator.inputs.iter().skip(1).flatten().chain(&operator.outputs);
        let names = tensors.map(|tensor| self.model.tensors[*tensor].name);
        let names = names.flat_map(|name| name.split(';').chain([name])).map(ToOwned::to_owned);
        let mut names: Vec<String> = names.collect();
        // The output's first: weights that are shared have one name for all.
        names.reverse();
        Step {
            label: self.label(operator),
            names,
            operation: Operation::Softmax,
            filters: 0,
            inputs,
            output: 0,
            weights: Vec::new(),
            biases: Vec::new(),
            integers: None,
            fused: false,
        }
    }

    /// Adds a step and what is done to its outputs before they are stored.
    fn push(
        &mut self,
        operator: &Operator,
        mut step: Step,
        activation: tflite::Activation,
    ) -> Result<()> {
        self.room.take(step.weights.len() + step.biases.len())?;
        let view = self.fresh(operator.outputs[0])?;
        self.show(operator, view.clone());
        let function = match activation {
            tflite::Activation::None => None,
            tflite::Activation::Relu => Some(Activation::Relu),
            tflite::Activation::Relu6 => Some(Activation::Relu6),
            tflite::Activation::ReluN1To1 => bail!("an activation of -1 to 1 has no layer here"),
        };
        let Some(function) = function else {
            step.output = view.value;
            self.steps.push(step);
            return Ok(());
        };
        let before = self.values.len();
        let Value { layout, scale, .. } = self.values[view.value].clone();
        self.values.push(Value { name: String::new(), tensor: None, layout, scale });
        step.output = before;
        self.steps.push(step);
        self.steps.push(Step {
            operation: Operation::Layer(graph::Operation::Activation(function)),
            output: view.value,
            fused: true,
            names: Vec::new(),
            ..self.unfinished(operator, vec![before])
        });
        Ok(())
    }

    fn convolution(&self, operator: &Operator, window: &tflite::Window) -> Result<Weighted> {
        let map = self.view(operator, 0)?.layout.map();
        let weights = self.tensor(operator, 1).context("expected weights")?;
        let [filters, _, _, each] = weights.shape[..] else { bail!("expected weights of a map") };
        let window = convert(window);
        let operation = if each == map[2] {
            graph::Operation::Convolution(window, window.form(map))
        } else {
            graph::Operation::Grouped(window, map[2] / each.max(1))
        };
        self.weighted(operator, operation, filters, |values| values)
    }

    fn depthwise(
        &self,
        operator: &Operator,
        window: &tflite::Window,
        multiplier: usize,
    ) -> Result<Weighted> {
        let map = self.view(operator, 0)?.layout.map();
        let window = convert(window);
        let filters = map[2] * multiplier;
        if multiplier == 1 && map[2] > 1 {
            let operation = graph::Operation::Depthwise(window);
            return self.weighted(operator, operation, 0, |values| values);
        }
        let operation = if map[2] == 1 {
            graph::Operation::Convolution(window, window.form(map))
        } else {
            graph::Operation::Grouped(window, map[2])
        };
        // The filters take turns in the file, and follow one another here.
        let positions = window.positions();
        self.weighted(operator, operation, filters, move |places: Vec<usize>| {
            let turn = |filter| (0..positions).map(move |position| position * filters + filter);
            (0..filters).flat_map(turn).map(|place| places[place]).collect()
        })
    }

    fn dense(&self, operator: &Operator) -> Result<Weighted> {
        let layout = self.view(operator, 0)?.layout;
        let map @ [rows, columns, channels] = layout.map();
        let weights = self.tensor(operator, 1).context("expected weights")?;
        let [outputs, inputs] = weights.shape[..] else { bail!("expected a matrix of weights") };
        let one = graph::Window::one();
        let operation = if inputs == rows * columns * channels {
            let window = graph::Window { stride: [1; 2], ..graph::Window::whole(map) };
            graph::Operation::Convolution(window, Form::Dense)
        } else {
            ensure!(
                inputs == channels,
                "expected {channels} weights an output, or one for each value, found {inputs}"
            );
            graph::Operation::Convolution(one, one.form(map))
        };
        self.weighted(operator, operation, outputs, |values| values)
    }

    /// Weights and biases as numbers and, where the values are integers, as integers. `order` gives
    /// for each place here the place in the file.
    fn weighted(
        &self,
        operator: &Operator,
        operation: graph::Operation,
        filters: usize,
        order: impl Fn(Vec<usize>) -> Vec<usize>,
    ) -> Result<Weighted> {
        let input = &self.values[self.view(operator, 0)?.value];
        let weights = self.tensor(operator, 1).context("expected weights")?;
        let outputs = if filters == 0 { input.layout.map()[2] } else { filters };
        let places = order((0..weights.len()).collect());
        let floats = numbers(weights).context("the weights")?;
        let reordered = places.iter().map(|place| floats[*place]).collect();
        let bias = self.tensor(operator, 2);
        let biases = match bias {
            Some(bias) => numbers(bias).context("the biases")?,
            None => vec![0.0; outputs],
        };
        ensure!(biases.len() == outputs, "expected {outputs} biases, found {}", biases.len());
        let integers = match input.scale {
            None => None,
            Some(_) => {
                ensure!(weights.kind == Type::I8, "expected weights of int8 on values of int8");
                let bytes = weights.data.context("expected constant weights")?;
                let quantisation =
                    weights.quantisation.as_ref().context("expected scales of the weights")?;
                ensure!(
                    quantisation.zeros.iter().all(|zero| *zero == 0),
                    "expected weights whose zero point is 0"
                );
                let biases = match bias {
                    None => vec![0; outputs],
                    Some(bias) => {
                        ensure!(bias.kind == Type::I32, "expected biases of int32 on int8");
                        let bytes = bias.data.context("expected constant biases")?.as_chunks().0;
                        bytes.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect()
                    }
                };
                Some(Integers {
                    weights: places.iter().map(|place| bytes[*place].cast_signed()).collect(),
                    weight_steps: quantisation.scales.iter().copied().map(f64::from).collect(),
                    biases,
                })
            }
        };
        Ok(Weighted { operation, filters, weights: reordered, biases, integers })
    }

    fn binary(
        &mut self,
        operator: &Operator,
        binary: Binary,
        activation: tflite::Activation,
    ) -> Result<()> {
        let constant = |index: usize| {
            self.tensor(operator, index)
                .filter(|tensor| tensor.data.is_some())
                .map(|tensor| (index, tensor))
        };
        let Some((index, constant)) = constant(0).or_else(|| constant(1)) else {
            let (one, other) = (self.view(operator, 0)?, self.view(operator, 1)?);
            ensure!(
                binary == Binary::Add && one.layout.shape() == other.layout.shape(),
                "expected the sum of two values of the same shape, found {:?} and {:?}",
                one.layout.shape(),
                other.layout.shape()
            );
            let inputs = vec![one.value, other.value];
            return self.step(operator, Operation::Add, inputs, activation);
        };
        let view = self.view(operator, 1 - index)?;
        let numbers = numbers(constant)?;
        let channels = view.layout.map()[2];
        ensure!(
            numbers.len() == 1
                || numbers.len() == channels && constant.shape.last() == Some(&channels),
            "expected a number for each of {channels} channels or one for all, found {:?}",
            constant.shape
        );
        let each: Vec<f32> = numbers.iter().copied().cycle().take(channels).collect();
        let sign = if index == 0 && binary == Binary::Subtract { -1.0 } else { 1.0 };
        let (weights, biases) = match binary {
            Binary::Multiply => (each, vec![0.0; channels]),
            Binary::Add => (vec![1.0; channels], each),
            // What is subtracted from, or what is subtracted.
            Binary::Subtract if index == 0 => (vec![sign; channels], each),
            Binary::Subtract => (vec![1.0; channels], each.iter().map(|x| -x).collect()),
        };
        let step = Step {
            operation: Operation::Layer(graph::Operation::ScaleShift),
            weights,
            biases,
            ..self.unfinished(operator, vec![view.value])
        };
        self.push(operator, step, activation)
    }

    fn pad(&mut self, operator: &Operator, amounts: &[[usize; 2]]) -> Result<()> {
        let view = self.view(operator, 0)?;
        let value = self.tensor(operator, 2).map(numbers).transpose()?;
        ensure!(
            value.is_none_or(|value| value == [0.0]),
            "expected zeros around the map, found another number"
        );
        let sides = match amounts {
            [[0, 0], rows, columns, [0, 0]] => [*rows, *columns],
            [[0, 0], moments, [0, 0]] => [[0; 2], *moments],
            _ => bail!("expected zeros around rows and columns only, found {amounts:?}"),
        };
        ensure!(view.layout.is(ORDER), "expected the channels in the last dimension");
        self.step(operator, Operation::Pad(sides), vec![view.value], tflite::Activation::None)
    }

    /// What turns integers into numbers or back, or into other integers for the same numbers.
    fn rescale(&mut self, operator: &Operator) -> Result<()> {
        let View { value, layout } = self.view(operator, 0)?;
        let to = self.fresh(operator.outputs[0])?;
        let made = self.values.pop().context("a value was made")?;
        let own = &mut self.values[value];
        match (own.scale, made.scale) {
            // The first step of a network that is given numbers.
            (None, Some(scale)) if value == 0 && self.steps.is_empty() => own.scale = Some(scale),
            (Some(one), Some(other)) if one == other => {}
            (_, None) => {}
            _ => bail!("a change of scale within the network has no layer here"),
        }
        self.notes.push(format!("{} computes nothing here", self.label(operator)));
        let _ = to;
        self.show(operator, View { value, layout });
        Ok(())
    }
}

/// The numbers that a constant stands for.
fn numbers(tensor: &Tensor) -> Result<Vec<f32>> {
    let data = tensor.data.with_context(|| format!("{}: expected a constant", tensor.name))?;
    let scale = |index: usize| -> (f64, f64) {
        let Some(quantisation) = &tensor.quantisation else { return (1.0, 0.0) };
        // Where there are several, each is for one index of a dimension.
        let after: usize = tensor.shape.iter().skip(quantisation.dimension + 1).product();
        let extent = tensor.shape.get(quantisation.dimension).copied().unwrap_or(1);
        let (scale, zero) = quantisation.of(index / after.max(1) % extent.max(1));
        (f64::from(scale), zero as f64)
    };
    let number = |(index, integer): (usize, f64)| {
        let (step, zero) = scale(index);
        ((integer - zero) * step) as f32
    };
    let numbers: Vec<f32> = match tensor.kind {
        Type::F32 => data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        Type::I8 => {
            data.iter().map(|byte| f64::from(byte.cast_signed())).enumerate().map(number).collect()
        }
        Type::I32 => {
            let integers = data.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes));
            integers.map(f64::from).enumerate().map(number).collect()
        }
        other => bail!("{}: expected float32, int8 or int32, found {other}", tensor.name),
    };
    ensure!(
        numbers.iter().all(|number| number.is_finite()),
        "{}: expected finite numbers",
        tensor.name
    );
    Ok(numbers)
}

fn convert(window: &tflite::Window) -> graph::Window {
    let tflite::Window { size, stride, dilation, before, after } = *window;
    let padding = [[before[0], after[0]], [before[1], after[1]]];
    graph::Window { size, stride, padding, dilation }
}

fn activation(function: Function) -> Result<Activation> {
    Ok(match function {
        Function::Relu => Activation::Relu,
        Function::Relu6 => Activation::Relu6,
        Function::LeakyRelu { alpha } => {
            let [numerator, denominator] = graph::fraction("alpha", f64::from(alpha))?;
            Activation::LeakyRelu { numerator, denominator }
        }
        Function::Elu => Activation::Elu { numerator: 1, denominator: 1 },
        Function::Logistic => Activation::Sigmoid,
        Function::Tanh => Activation::Tanh,
        Function::HardSwish => Activation::HardSwish,
        Function::Gelu { approximate: false } => Activation::Gelu,
        Function::Gelu { approximate: true } => {
            bail!("GELU by its approximation with tanh has no layer here; the exact one has")
        }
        Function::ReluN1To1 => bail!("an activation of -1 to 1 has no layer here"),
    })
}
