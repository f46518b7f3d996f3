//! Backbones in eight bits, as
//! [`Int8Backbone`](rolling_ball::nn::int8::Int8Backbone) reads them: from calibration inputs, or
//! with the integers that a file has.

mod calibrate;
mod frozen;
mod kept;
pub mod reference;

pub use calibrate::{calibrate, quantise_backbone};
pub use frozen::keep_frozen;
pub use kept::kept;

use crate::dataflow::Scale;
use crate::evaluate::activate;
use crate::graph::{Activation, Map, Node, Operation};
use rolling_ball::nn::int8::{LARGEST_EPSILON, LARGEST_SHIFT};

/// The zero points and the clamps of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clamps {
    /// The zero point of the input.
    pub input_zero: i8,
    /// The zero point of the output.
    pub zero: i8,
    /// The smallest output.
    pub minimum: i8,
    /// The largest output.
    pub maximum: i8,
}

/// What a sum is multiplied by: `multiplier / 2^shift`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor {
    /// From 2^30 on, unless the factor is too small for that.
    pub multiplier: i32,
    /// From 1 to [`LARGEST_SHIFT`].
    pub shift: u8,
}

impl Factor {
    /// The factor that is nearest to a value, which is at least 0. The largest is `2^29`: larger
    /// ones clamp every sum but 0, too.
    pub fn nearest(value: f64) -> Self {
        let value = value.min(f64::from(1 << 29));
        let least = (1..LARGEST_SHIFT).find(|shift| value * power(*shift) >= f64::from(1 << 30));
        let shift = least.unwrap_or(LARGEST_SHIFT);
        let multiplier = (value * power(shift)).round();
        // What is rounded up to 2^31 is 2^30 with a shift of one less.
        let fits = multiplier < power(31);
        let multiplier = if fits { multiplier as i32 } else { 1 << 30 };
        Self { multiplier, shift: shift as u8 - u8::from(!fits) }
    }
}

fn power(exponent: u32) -> f64 {
    (1u64 << exponent) as f64
}

/// The parameters of a layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// A dense layer or a convolution, with a factor and a bias for each output channel and the
    /// weights in the order of the `f32` layer.
    Affine {
        /// The zero points and the clamps.
        clamps: Clamps,
        /// What the sums are multiplied by.
        factors: Vec<Factor>,
        /// What is added to the sums of products.
        biases: Vec<i32>,
        /// The weights.
        weights: Vec<i8>,
    },
    /// An average pool.
    Mean {
        /// The zero points and the clamps.
        clamps: Clamps,
        /// The input's scale over the output's.
        factor: Factor,
    },
    /// A max pool.
    Largest,
    /// An activation: the outputs for the bytes from -128 to 127.
    Table(Vec<i8>),
    /// A layer norm.
    Norm {
        /// The zero points and the clamps.
        clamps: Clamps,
        /// What is added to the mean square: the epsilon times the square of the channels over the
        /// input's scale, times `2^16`.
        epsilon: u64,
        /// The scales over the output's scale, times `2^(shift - 20)`.
        multipliers: Vec<i32>,
        /// The shifts over the output's scale, times `2^16`.
        biases: Vec<i32>,
        /// From 16 to [`LARGEST_SHIFT`].
        shift: u8,
    },
    /// A parametric ReLU.
    Slopes {
        /// The zero points and the clamps.
        clamps: Clamps,
        /// What is multiplied: values above 0, and values below 0 times their slopes.
        factors: [Factor; 2],
        /// A slope for each channel.
        slopes: Vec<i16>,
    },
    /// The same numbers with another scale, at the end of a branch.
    Rescale {
        /// The shape of the branch's output.
        shape: Map,
        /// The zero points and the clamps.
        clamps: Clamps,
        /// The input's scale over the output's.
        factor: Factor,
    },
    /// A residual.
    Sum {
        /// The layers.
        layers: Vec<Placed>,
        /// Those around them.
        shortcut: Vec<Placed>,
        /// The zero points and the clamps; that of the input is of what the layers give.
        clamps: Clamps,
        /// The zero point of what the shortcut gives.
        other_zero: i8,
        /// What the two are multiplied by, times `2^shift`.
        multipliers: [i32; 2],
        /// From 1 to 30.
        shift: u8,
    },
    /// A concatenation, both sides of which have the scale of the output.
    Concat {
        /// What gives the first channels.
        first: Vec<Placed>,
        /// What gives the others.
        second: Vec<Placed>,
    },
}

/// A layer in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// What it is in the graph: its index in the order of
    /// [`every`](crate::graph::every) layer of the backbone.
    pub index: usize,
    /// The layer.
    pub layer: Layer,
}

/// A backbone in eight bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantised {
    /// The scale of the input.
    pub input: Scale,
    /// The scale of the features.
    pub output: Scale,
    /// The layers that are left.
    pub layers: Vec<Placed>,
}

impl Layer {
    /// Those inside it are at most as deep as a graph allows.
    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Affine { clamps, factors, biases, weights } => {
                bytes.extend(clamps.bytes());
                bytes.extend(factors.iter().flat_map(|factor| factor.multiplier.to_le_bytes()));
                bytes.extend(biases.iter().flat_map(|value| value.to_le_bytes()));
                bytes.extend(factors.iter().map(|factor| factor.shift));
                bytes.extend(weights.iter().map(|value| value.cast_unsigned()));
            }
            Self::Mean { clamps, factor } | Self::Rescale { clamps, factor, .. } => {
                bytes.extend(clamps.bytes());
                bytes.extend(factor.multiplier.to_le_bytes());
                bytes.push(factor.shift);
            }
            Self::Norm { clamps, epsilon, multipliers, biases, shift } => {
                bytes.extend(clamps.bytes());
                bytes.extend(epsilon.to_le_bytes());
                bytes
                    .extend(multipliers.iter().chain(biases).flat_map(|value| value.to_le_bytes()));
                bytes.push(*shift);
            }
            Self::Slopes { clamps, factors, slopes } => {
                bytes.extend(clamps.bytes());
                for factor in factors {
                    bytes.extend(factor.multiplier.to_le_bytes());
                    bytes.push(factor.shift);
                }
                bytes.extend(slopes.iter().flat_map(|value| value.to_le_bytes()));
            }
            Self::Largest => {}
            Self::Table(outputs) => bytes.extend(outputs.iter().map(|value| value.cast_unsigned())),
            Self::Sum { layers, shortcut, clamps, other_zero, multipliers, shift } => {
                for placed in layers.iter().chain(shortcut) {
                    placed.layer.write(bytes);
                }
                bytes.extend(clamps.bytes());
                bytes.push(other_zero.cast_unsigned());
                bytes.extend(multipliers.iter().flat_map(|value| value.to_le_bytes()));
                bytes.push(*shift);
            }
            Self::Concat { first, second } => {
                for placed in first.iter().chain(second) {
                    placed.layer.write(bytes);
                }
            }
        }
    }
}

impl Clamps {
    fn bytes(self) -> [u8; 4] {
        [self.input_zero, self.zero, self.minimum, self.maximum].map(i8::cast_unsigned)
    }
}

impl Quantised {
    /// The bytes, in the layout that [`int8`](rolling_ball::nn::int8) reads.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"RBQ2".to_vec();
        bytes.extend(self.steps_per_unit().to_le_bytes());
        bytes.extend((self.output.step as f32).to_le_bytes());
        bytes.extend([self.input.zero, self.output.zero].map(i8::cast_unsigned));
        for placed in &self.layers {
            placed.layer.write(&mut bytes);
        }
        bytes
    }

    /// The bytes as frozen parameters, four in a float, as [`nn::Int8`](rolling_ball::nn::Int8)
    /// reads them.
    pub fn floats(&self) -> Vec<f32> {
        let mut bytes = self.bytes();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }

    /// The factor that the input is multiplied by.
    pub fn steps_per_unit(&self) -> f32 {
        (1.0 / self.input.step) as f32
    }
}

/// An activation that is a clamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clamp {
    /// Not below 0.
    Relu,
    /// Not below 0, nor above 6.
    Relu6,
}

impl Clamp {
    fn of(node: &Node) -> Option<Self> {
        match node.operation {
            Operation::Activation(Activation::Relu) => Some(Self::Relu),
            Operation::Activation(Activation::Relu6) => Some(Self::Relu6),
            _ => None,
        }
    }
}

/// The byte that is nearest to a number.
fn byte(value: f64) -> i8 {
    value.round_ties_even().clamp(-128.0, 127.0) as i8
}

fn clamps(input: Scale, output: Scale, activation: Option<Clamp>) -> Clamps {
    let maximum = match activation {
        Some(Clamp::Relu6) => byte(6.0 / output.step + f64::from(output.zero)),
        _ => i8::MAX,
    };
    let minimum = if activation.is_some() { output.zero } else { i8::MIN };
    Clamps { input_zero: input.zero, zero: output.zero, minimum, maximum }
}

/// The outputs of a function for the bytes from -128 to 127.
fn table(function: Activation, input: Scale, output: Scale) -> Vec<i8> {
    let outputs = (-128..=127).map(|x| {
        let value = f64::from(x - i32::from(input.zero)) * input.step;
        byte(f64::from(activate(function, value as f32)) / output.step + f64::from(output.zero))
    });
    outputs.collect()
}

/// A parametric ReLU whose slopes have a scale of their own.
fn slopes(slopes: Vec<i16>, own: f64, [input, output]: [Scale; 2]) -> Layer {
    let above = input.step / output.step;
    let factors = [above, above * own].map(Factor::nearest);
    Layer::Slopes { clamps: clamps(input, output, None), factors, slopes }
}

/// A layer norm of so many channels.
fn norm(
    (scales, shifts): (&[f32], &[f32]),
    epsilon: f32,
    activation: Option<Clamp>,
    [input, output]: [Scale; 2],
) -> Layer {
    let steps = |number: &f32| f64::from(*number) / output.step;
    let largest = scales.iter().map(|scale| steps(scale).abs()).fold(0.0, f64::max);
    let multiplier = |scale: &f32, shift: u32| steps(scale) * power(shift) / power(20);
    // As fine as the largest of them allows.
    let fits = |shift: &u32| largest * power(*shift) / power(20) < power(31);
    let shift = (16..=LARGEST_SHIFT).rev().find(fits).unwrap_or(16);
    // Conversions clamp: what is so large is clamped in the output as well.
    let squared = (scales.len() as f64 / input.step).powi(2);
    let epsilon = (f64::from(epsilon) * squared * power(16)).round() as u64;
    Layer::Norm {
        clamps: clamps(input, output, activation),
        epsilon: epsilon.min(LARGEST_EPSILON),
        multipliers: scales.iter().map(|scale| multiplier(scale, shift).round() as i32).collect(),
        biases: shifts.iter().map(|shift| (steps(shift) * power(16)).round() as i32).collect(),
        shift: shift as u8,
    }
}

/// Two values that are added, each with its scale.
fn sum(
    (layers, one): (Vec<Placed>, Scale),
    (shortcut, other): (Vec<Placed>, Scale),
    output: Scale,
    activation: Option<Clamp>,
) -> Layer {
    let factors = [one.step / output.step, other.step / output.step];
    let largest = factors[0].max(factors[1]);
    // As fine as the core's bounds of the multipliers and of the shift allow.
    let shift = (1..=30).rev().find(|shift| (largest * power(*shift)).round() <= power(21));
    let shift = shift.unwrap_or(1);
    let multiplier = |factor: f64| (factor * power(shift)).round().min(power(21)) as i32;
    Layer::Sum {
        layers,
        shortcut,
        clamps: clamps(one, output, activation),
        other_zero: other.zero,
        multipliers: factors.map(multiplier),
        shift: shift as u8,
    }
}

/// What changes the scale at the end of a branch, where it is not that of the output already.
fn rescale(index: usize, shape: Map, scale: Scale, output: Scale) -> Option<Placed> {
    let factor = Factor::nearest(scale.step / output.step);
    let layer = Layer::Rescale { shape, clamps: clamps(scale, output, None), factor };
    (scale != output).then_some(Placed { index, layer })
}
