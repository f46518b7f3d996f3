//! A network as a `.tflite` file has it, checked: names, shapes, quantisation, operators in order.

use std::borrow::Cow;
use std::fmt;

/// The network of a file. Its constants stay where they are in the file.
///
/// All indices, shapes, types and numbers of inputs are as the operators expect them, but for those
/// of an [`Operation::Unknown`].
#[derive(Clone, Debug)]
pub struct Model<'a> {
    /// Everything that operators read and write.
    pub tensors: Vec<Tensor<'a>>,
    /// The operators, each after those that it needs.
    pub operators: Vec<Operator<'a>>,
    /// The tensors that are given.
    pub inputs: Vec<usize>,
    /// The tensors that are wanted.
    pub outputs: Vec<usize>,
}

/// Values, constant or computed.
#[derive(Clone, Debug)]
pub struct Tensor<'a> {
    /// Its name, which need not be unique.
    pub name: &'a str,
    /// The sizes of its dimensions; maps are `[batch, height, width, channels]`. Their product is
    /// at least 1.
    pub shape: Vec<usize>,
    /// The type of each value.
    pub kind: Type,
    /// What integers stand for.
    pub quantisation: Option<Quantisation>,
    /// The values of a constant, in little-endian order.
    pub data: Option<&'a [u8]>,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the types of Rust")]
pub enum Type {
    F32,
    I8,
    U8,
    I16,
    I32,
    I64,
}

/// An integer `q` stands for `(q - zero) * scale`.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantisation {
    /// One for all, or one for each index of the dimension; finite and above 0.
    pub scales: Vec<f32>,
    /// As many as there are scales, each one a value of the tensor's type.
    pub zeros: Vec<i64>,
    /// The dimension, where there are several scales.
    pub dimension: usize,
}

/// A step of the computation.
#[derive(Clone, Debug)]
pub struct Operator<'a> {
    /// The format's name, such as `CONV_2D`, the own name of a custom operator, or the number of
    /// one that is newer than this program.
    pub name: Cow<'a, str>,
    /// What it computes.
    pub operation: Operation,
    /// The tensors that it reads. One that is left out, such as a bias, is none.
    pub inputs: Vec<Option<usize>>,
    /// The tensors that it makes: one, but for [`Operation::Unknown`].
    pub outputs: Vec<usize>,
}

/// What an operator computes. Its inputs are in the format's order.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Of an input, weights `[filters, height, width, channels]` and an optional bias.
    Convolution {
        /// How the weights slide.
        window: Window,
        /// What happens to each output.
        activation: Activation,
    },
    /// Of an input, weights `[1, height, width, channels * multiplier]` and an optional bias.
    /// Output `channel * multiplier + i` has the `i`th filter of the channel.
    Depthwise {
        /// How the weights slide.
        window: Window,
        /// The number of filters for each channel.
        multiplier: usize,
        /// What happens to each output.
        activation: Activation,
    },
    /// Of an input, weights `[outputs, inputs]` and an optional bias.
    FullyConnected {
        /// Whether real numbers that meet int8 weights are quantised with a zero point.
        asymmetric: bool,
        /// What happens to each output.
        activation: Activation,
    },
    /// Of two inputs, the smaller one repeated.
    Binary(Binary, Activation),
    /// Of any number of inputs.
    Concatenation {
        /// The dimension in which they lie side by side.
        axis: usize,
    },
    /// The mean of the window's positions that are inside the map.
    AveragePool {
        /// How it slides.
        window: Window,
        /// What happens to each output.
        activation: Activation,
    },
    /// The largest of the window's positions that are inside the map.
    MaxPool {
        /// How it slides.
        window: Window,
        /// What happens to each output.
        activation: Activation,
    },
    /// Of an input, and the axes once more as a constant. Whether the dimensions stay, each as 1,
    /// is told by the shape of the output.
    Mean {
        /// The dimensions that it goes over, in ascending order.
        axes: Vec<usize>,
    },
    /// Of an input, the amounts once more as a constant, and the value that is put around, which is
    /// 0 where it is missing.
    Pad {
        /// For each dimension, how many values come before and after.
        amounts: Vec<[usize; 2]>,
    },
    /// The same values in another shape: `RESHAPE`, `SQUEEZE` and `EXPAND_DIMS`.
    Reshape,
    /// Of an input, and the permutation once more as a constant.
    Transpose {
        /// For each dimension of the output, that of the input.
        permutation: Vec<usize>,
    },
    /// Over the last dimension.
    Softmax {
        /// What the values are multiplied by before.
        beta: f32,
    },
    /// A function of each value.
    Function(Function),
    /// Of an input, and slopes for what is below 0, repeated where they are fewer.
    Prelu,
    /// To integers, from real numbers or other integers.
    Quantise,
    /// From integers to real numbers.
    Dequantise,
    /// Something else. Nothing about it was checked.
    Unknown,
}

/// What becomes of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the operations of arithmetic")]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
}

/// A function of each value.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the field's terms")]
pub enum Function {
    Relu,
    Relu6,
    ReluN1To1,
    LeakyRelu { alpha: f32 },
    Elu,
    Logistic,
    Tanh,
    HardSwish,
    Gelu { approximate: bool },
}

/// What happens to the outputs of an operator before they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the field's terms")]
pub enum Activation {
    None,
    Relu,
    Relu6,
    ReluN1To1,
}

/// How a window slides over a map. The vertical number comes first in each pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The number of its positions.
    pub size: [usize; 2],
    /// The distance from one window to the next.
    pub stride: [usize; 2],
    /// The distance from one of its positions to the next.
    pub dilation: [usize; 2],
    /// How far the first window begins above and left of the map.
    pub before: [usize; 2],
    /// How far the last window ends below and right of the map. It may end before the map does.
    pub after: [usize; 2],
}

impl Operator<'_> {
    /// What it is called: the operator, and the first of the names of its output, since the
    /// converter joins the names of all that became one operator.
    pub fn label(&self, model: &Model) -> String {
        let output = self.outputs.first().map_or("", |output| model.tensors[*output].name);
        format!("{} ({})", self.name, output.split(';').next().unwrap_or_default())
    }
}

impl Tensor<'_> {
    /// The number of values.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Type {
    /// The number of bytes of a value.
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 => 2,
            Self::F32 | Self::I32 => 4,
            Self::I64 => 8,
        }
    }

    /// The least and the largest value of an integer.
    pub fn range(self) -> Option<(i64, i64)> {
        match self {
            Self::F32 => None,
            Self::I8 => Some((i8::MIN.into(), i8::MAX.into())),
            Self::U8 => Some((u8::MIN.into(), u8::MAX.into())),
            Self::I16 => Some((i16::MIN.into(), i16::MAX.into())),
            Self::I32 => Some((i32::MIN.into(), i32::MAX.into())),
            Self::I64 => Some((i64::MIN, i64::MAX)),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "float32",
            Self::I8 => "int8",
            Self::U8 => "uint8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
        })
    }
}

impl Quantisation {
    /// The scale and the zero of an index of the dimension.
    pub fn of(&self, index: usize) -> (f32, i64) {
        let index = index.min(self.scales.len() - 1);
        (self.scales[index], self.zeros[index])
    }

    /// The scale and the zero of all values, if there is one for all.
    pub fn of_all(&self) -> Option<(f32, i64)> {
        match (self.scales.as_slice(), self.zeros.as_slice()) {
            ([scale], [zero]) => Some((*scale, *zero)),
            _ => None,
        }
    }
}

impl Activation {
    /// The least and the largest value that it lets through.
    pub fn range(self) -> (f32, f32) {
        match self {
            Self::None => (f32::NEG_INFINITY, f32::INFINITY),
            Self::Relu => (0.0, f32::INFINITY),
            Self::Relu6 => (0.0, 6.0),
            Self::ReluN1To1 => (-1.0, 1.0),
        }
    }
}
