//! Evaluates a model with the format's own arithmetic, plainly: sums are taken one by one in `f64`,
//! in which those of int8 values are exact.

mod binary;
mod functions;
mod hybrid;
mod layout;
mod mean;
mod pools;
mod quantise;
mod rescale;
mod softmax;
mod sums;
mod value;
mod windows;

pub use rescale::Arithmetic;
pub use value::Value;

use super::model::{Model, Operation, Operator, Tensor};
use anyhow::{Context, Result, bail, ensure};

/// A model, ready to be evaluated.
pub struct Evaluator<'a> {
    model: &'a Model<'a>,
    arithmetic: Arithmetic,
    /// The constants, and none for what is computed.
    constants: Vec<Option<Value>>,
}

/// What an operator reads: tensors and their values.
struct Inputs<'a> {
    given: Vec<Option<(&'a Tensor<'a>, &'a Value)>>,
}

impl<'a> Inputs<'a> {
    fn optional(&self, index: usize) -> Option<(&'a Tensor<'a>, &'a Value)> {
        self.given.get(index).copied().flatten()
    }

    fn get(&self, index: usize) -> Result<(&'a Tensor<'a>, &'a Value)> {
        self.optional(index).with_context(|| format!("it has no input {index}"))
    }
}

impl<'a> Evaluator<'a> {
    /// Reads the constants of a model.
    ///
    /// # Errors
    ///
    /// An operator that cannot be evaluated, by its name.
    pub fn new(model: &'a Model<'a>, arithmetic: Arithmetic) -> Result<Self> {
        for (index, operator) in model.operators.iter().enumerate() {
            ensure!(
                operator.operation.is_known(),
                "{}: operators of this kind are not read; build the network without it, or end it \
                 before",
                model.label(index)
            );
        }
        let constants = model.tensors.iter();
        let constants = constants.map(|t| t.data.map(|data| Value::read(t.kind, data))).collect();
        Ok(Self { model, arithmetic, constants })
    }

    /// Computes every tensor from the inputs, which come in the model's order. The result has the
    /// inputs and what operators make; constants are none in it.
    ///
    /// # Errors
    ///
    /// Inputs of another number, length or type than the model's.
    ///
    /// # Cost
    ///
    /// At most 2^30 products and sums. All values, of which those that are computed are at most
    /// 2^23, and at most eight bytes for each value of an operator's inputs and output.
    pub fn evaluate(&self, inputs: &[Value]) -> Result<Vec<Option<Value>>> {
        let Model { tensors, operators, .. } = self.model;
        let expected = self.model.inputs.len();
        ensure!(inputs.len() == expected, "expected {expected} inputs, found {}", inputs.len());
        let mut values = vec![None; tensors.len()];
        for (index, value) in self.model.inputs.iter().zip(inputs) {
            let Tensor { name, kind, shape, .. } = &tensors[*index];
            ensure!(
                value.kind() == *kind && value.len() == tensors[*index].len(),
                "input `{name}`: expected values of {kind} in the shape {shape:?}, found {} of {}",
                value.len(),
                value.kind()
            );
            values[*index] = Some(value.clone());
        }
        for (index, operator) in operators.iter().enumerate() {
            let value = self.output(operator, &values).with_context(|| self.model.label(index))?;
            let [output] = *operator.outputs.as_slice() else { continue };
            values[output] = Some(value);
        }
        Ok(values)
    }

    fn output(&self, operator: &Operator, values: &[Option<Value>]) -> Result<Value> {
        let tensors = &self.model.tensors;
        let given = operator.inputs.iter().map(|input| {
            let index = (*input)?;
            let value = values[index].as_ref().or(self.constants[index].as_ref());
            Some((&tensors[index], value?))
        });
        let inputs = Inputs { given: given.collect() };
        let [output] = operator.outputs.as_slice() else { bail!("expected one output") };
        let output = &tensors[*output];
        let arithmetic = self.arithmetic;
        match &operator.operation {
            Operation::Convolution { window, activation } => {
                windows::convolution(*window, *activation, &inputs, output, arithmetic)
            }
            Operation::Depthwise { window, multiplier, activation } => {
                windows::depthwise(*window, *multiplier, *activation, &inputs, output, arithmetic)
            }
            Operation::FullyConnected { asymmetric, activation } => {
                sums::fully_connected(*asymmetric, *activation, &inputs, output, arithmetic)
            }
            Operation::Binary(kind, activation) => {
                binary::binary(*kind, *activation, &inputs, output, arithmetic)
            }
            Operation::Concatenation { axis } => layout::concatenation(*axis, &inputs, output),
            Operation::AveragePool { window, activation } => {
                pools::average(*window, *activation, inputs.get(0)?, output)
            }
            Operation::MaxPool { window, activation } => {
                pools::largest(*window, *activation, inputs.get(0)?, output)
            }
            Operation::Mean { axes } => mean::mean(axes, inputs.get(0)?, output, arithmetic),
            Operation::Pad { amounts } => layout::pad(amounts, &inputs, output),
            Operation::Reshape => Ok(inputs.get(0)?.1.clone()),
            Operation::Transpose { permutation } => {
                layout::transpose(permutation, inputs.get(0)?, output)
            }
            Operation::Softmax { beta } => softmax::softmax(*beta, inputs.get(0)?, output),
            Operation::Function(function) => {
                functions::function(*function, inputs.get(0)?, output, arithmetic)
            }
            Operation::Prelu => functions::prelu(&inputs, output),
            Operation::Quantise => quantise::quantise(inputs.get(0)?, output, arithmetic),
            Operation::Dequantise => quantise::dequantise(inputs.get(0)?),
            Operation::Unknown => bail!("it is not known"),
        }
    }
}
