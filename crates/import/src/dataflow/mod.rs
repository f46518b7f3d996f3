//! A network as a file has it: steps that make values of others. It is in this project's order
//! (channels last) already, and has no batch.

mod fold;
mod from_onnx;
mod from_tflite;
mod lowered;
mod room;
mod train;
mod tree;

pub use train::{Choice, Part};
pub use tree::Tree;

use crate::graph;
use crate::layout::Layout;

/// A vector or map between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Its name in the file.
    pub name: String,
    /// Its index among the file's values; none where the file has it not.
    pub tensor: Option<usize>,
    /// How it lies in the file.
    pub layout: Layout,
    /// How bytes stand for it, where the file says so.
    pub scale: Option<Scale>,
}

/// How a byte stands for a number: `step * (byte - zero)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// How much one step of the byte stands for.
    pub step: f64,
    /// The byte that stands for 0.
    pub zero: i8,
}

impl Scale {
    /// The number that a byte stands for.
    pub fn number(self, byte: impl Into<f64>) -> f32 {
        ((byte.into() - f64::from(self.zero)) * self.step) as f32
    }

    /// The numbers that the least and the largest byte stand for.
    pub fn ends(self) -> [f32; 2] {
        [i8::MIN, i8::MAX].map(|byte| self.number(byte))
    }
}

/// What a step computes.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// What a layer of this project computes of one value.
    Layer(graph::Operation),
    /// The sum of two values.
    Add,
    /// The channels of some values, one after the other.
    Concat,
    /// Zeros before and after the map, vertically and horizontally.
    Pad([[usize; 2]; 2]),
    /// Numbers that sum to 1.
    Softmax,
}

/// The parameters of a step as integers, as the file has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Integers {
    /// The weights, in this project's order. The slopes of a parametric ReLU are not here: counted
    /// from their zero, they need not be bytes.
    pub weights: Vec<i8>,
    /// What one step of a weight stands for, for each output or for all.
    pub weight_steps: Vec<f64>,
    /// The biases, whose steps are the products of the input's and the weights'.
    pub biases: Vec<i32>,
}

/// A step: an operator of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The operator and its name, for error messages.
    pub label: String,
    /// What a user may call it: its name, those of its tensors, and what its tensors' names have in
    /// common.
    pub names: Vec<String>,
    /// What it computes.
    pub operation: Operation,
    /// The number of filters or outputs of a convolution.
    pub filters: usize,
    /// What it makes its value of.
    pub inputs: Vec<usize>,
    /// The value that it makes.
    pub output: usize,
    /// Its weights, in this project's order.
    pub weights: Vec<f32>,
    /// Its biases.
    pub biases: Vec<f32>,
    /// The same as integers, of a step that computes with integers.
    pub integers: Option<Integers>,
    /// Whether it is part of the operator before it, as a rectifier may be.
    pub fused: bool,
}

/// A network.
#[derive(Clone, Debug)]
pub struct Dataflow {
    /// All values. The first one is the input.
    pub values: Vec<Value>,
    /// All steps, each after those that make its inputs.
    pub steps: Vec<Step>,
    /// The value that is the output.
    pub output: usize,
    /// The value that is the file's output: that before it where a softmax was left away is
    /// [`output`](Self::output).
    pub file_output: usize,
    /// How the file lays out that value as its output.
    pub output_layout: Layout,
    /// Whether a softmax was left away at the end.
    pub ends_in_softmax: bool,
    /// Whether int8 weights stand under real numbers, which some engines round to int8 as well.
    pub is_hybrid: bool,
    /// Whether the file takes real numbers and makes bytes of them itself.
    pub takes_numbers: bool,
    /// What was left away or folded, in sentences.
    pub notes: Vec<String>,
}

impl Dataflow {
    /// The steps that use a value.
    fn uses(&self, value: usize) -> impl Iterator<Item = usize> {
        let steps = self.steps.iter().enumerate();
        steps.filter(move |(_, step)| step.inputs.contains(&value)).map(|(index, _)| index)
    }

    /// The step that makes a value, and which is the only one to use it.
    fn only_use(&self, value: usize) -> bool {
        value != self.output && self.uses(value).count() == 1
    }

    /// The step that makes a value.
    fn maker(&self, value: usize) -> Option<usize> {
        self.steps.iter().position(|step| step.output == value)
    }
}
