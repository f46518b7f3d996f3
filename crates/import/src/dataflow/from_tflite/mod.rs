//! From the operators of a TFLite file to steps.

mod values;
mod weights;

use super::lowered::{Lowered, View, only};
use super::room::Room;
use super::{Dataflow, Integers, Operation, Scale, Step, Value};
use crate::graph::{self, Activation, Divisor};
use crate::layout::{Layout, Order};
use crate::tflite::{self, Function, Model, Operator, Tensor, Type};
use anyhow::{Context, Result, bail, ensure};
use weights::numbers;

const ORDER: Order = Order::ChannelsLast;

impl Dataflow {
    /// The steps of a network with one input and one output.
    ///
    /// # Errors
    ///
    /// An operator that has no layer here, by its name.
    pub fn from_tflite(model: &Model) -> Result<Self> {
        let (input, output) = only(&model.inputs, &model.outputs)?;
        let lowered = Lowered::new(model.tensors.len(), room(model));
        let mut lowering = Lowering { model, lowered, is_hybrid: false };
        let first = lowering.fresh(input).context("the input")?;
        lowering.lowered.views[input] = Some(first);
        for operator in &model.operators {
            lowering.operator(operator).with_context(|| lowering.label(operator))?;
        }
        let Lowering { lowered, is_hybrid, .. } = lowering;
        let takes_numbers = model.tensors[input].kind == Type::F32;
        Ok(Self { is_hybrid, takes_numbers, ..lowered.finish(output)? })
    }
}

struct Lowering<'m, 'a> {
    model: &'m Model<'a>,
    lowered: Lowered,
    is_hybrid: bool,
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
        let scale = scale(tensor)?;
        let name = tensor.name.to_owned();
        let value = Value { name, tensor: Some(index), layout: layout.clone(), scale };
        let value = self.lowered.add_value(value);
        Ok(View { value, layout })
    }

    fn view(&self, operator: &Operator, index: usize) -> Result<View> {
        let tensor = operator.inputs.get(index).copied().flatten();
        let tensor = tensor.with_context(|| format!("expected an input {index}"))?;
        let view = self.lowered.views[tensor].clone();
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
            self.lowered.views[*output] = Some(view.clone());
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
                let View { value, layout } = self.view(operator, 0)?;
                let channels = layout.map()[2];
                let tensor = self.tensor(operator, 1).context("expected slopes")?;
                let slopes = numbers(tensor)?;
                ensure!(
                    slopes.len() == channels || slopes.len() == 1,
                    "expected a slope for each of {channels} channels, found {}",
                    slopes.len()
                );
                let weights = slopes.iter().copied().cycle().take(channels).collect();
                let operation = graph::Operation::ParametricRelu;
                let scales = tensor.quantisation.as_ref().map(|own| own.scales.as_slice());
                let integers = match (self.lowered.values[value].scale, scales) {
                    (Some(_), Some([step])) => Some(Integers {
                        weights: Vec::new(),
                        weight_steps: vec![f64::from(*step)],
                        biases: Vec::new(),
                    }),
                    _ => None,
                };
                let weighted = Weighted { weights, integers, ..Weighted::none(operation) };
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
        let real = self.lowered.values[value].scale.is_none();
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
            return self.lowered.add_step(step);
        };
        // The sums before the function have no name in the file.
        let stored = self.lowered.values[view.value].clone();
        let before = self.lowered.add_value(Value { name: String::new(), tensor: None, ..stored });
        step.output = before;
        self.lowered.add_step(step)?;
        self.lowered.add_step(Step {
            operation: Operation::Layer(graph::Operation::Activation(function)),
            output: view.value,
            fused: true,
            names: Vec::new(),
            ..self.unfinished(operator, vec![before])
        })
    }
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

fn convert(window: &tflite::Window) -> graph::Window {
    let tflite::Window { size, stride, dilation, before, after } = *window;
    let padding = [[before[0], after[0]], [before[1], after[1]]];
    graph::Window { size, stride, padding, dilation }
}

/// How the bytes of a tensor stand for numbers, if it has bytes.
fn scale(tensor: &Tensor) -> Result<Option<Scale>> {
    Ok(match tensor.kind {
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
    })
}
