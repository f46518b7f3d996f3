//! Turns an `f32` backbone into the bytes of an
//! [`Int8Backbone`](rolling_ball::nn::int8::Int8Backbone).
//!
//! The scale and the zero point of the activations come from their values on the calibration
//! inputs; the weights have a scale for each output. A ReLU becomes the clamp of the layer before
//! it, past max pools, with which it commutes; other activations become tables.

use super::evaluate::{Evaluator, activate};
use super::graph::{Activation, Graph, Node, Operation};
use super::spec::Spec;
use crate::error::Error;
use anyhow::{Context, Result, ensure};
use rolling_ball::nn::int8::{LARGEST_BIAS, LARGEST_SHIFT, LONGEST_SUM};

/// How values become bytes: `q = round(value / scale) + zero`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// How much one step of the byte stands for, in units of the value.
    pub step: f64,
    /// The byte that stands for 0.
    pub zero: i8,
}

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
}

/// A backbone in eight bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantised {
    /// The scale of the input.
    pub input: Scale,
    /// The scale of the features.
    pub output: Scale,
    /// The layers that are left, each by its index in the graph.
    pub layers: Vec<(usize, Layer)>,
}

/// The smallest and the largest value of a vector over the calibration inputs, with 0 included.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    least: f32,
    largest: f32,
}

impl Extent {
    fn see(&mut self, values: &[f32]) {
        for value in values {
            // Neither min nor max would see it.
            if value.is_nan() {
                self.largest = f32::INFINITY;
            }
            self.least = self.least.min(*value);
            self.largest = self.largest.max(*value);
        }
    }

    fn scale(self) -> Scale {
        let (least, largest) = (f64::from(self.least), f64::from(self.largest));
        // A vector that is 0 throughout has no scale of its own.
        let step = if largest > least { (largest - least) / 255.0 } else { 1.0 };
        Scale { step, zero: byte(-128.0 - least / step) }
    }
}

fn byte(value: f64) -> i8 {
    value.round_ties_even().clamp(-128.0, 127.0) as i8
}

/// Makes the int8 form of a backbone, whose parameters are in this project's layout, layer after
/// layer.
pub fn quantise(
    backbone: &Graph,
    parameters: &[f32],
    calibration: impl IntoIterator<Item: AsRef<[f32]>>,
) -> Result<Quantised> {
    ensure!(
        parameters.len() == backbone.parameters(),
        "the backbone has {} parameters, found {}",
        backbone.parameters(),
        parameters.len()
    );
    let fused = fuse(backbone)?;
    let evaluator = Evaluator::new(backbone, parameters);
    let mut extents = vec![Extent::default(); backbone.nodes.len()];
    let mut input = Extent::default();
    let mut count = 0;
    for values in calibration {
        input.see(values.as_ref());
        let mut extents = extents.iter_mut();
        evaluator.each_output(values.as_ref(), |output| {
            if let Some(extent) = extents.next() {
                extent.see(output);
            }
        });
        count += 1;
    }
    ensure!(count > 0, "expected at least one calibration input");
    for (extent, node) in extents.iter().zip(&backbone.nodes) {
        ensure!(
            extent.least.is_finite() && extent.largest.is_finite(),
            "{}: its outputs on the calibration inputs are not finite",
            node.label
        );
    }

    let input = input.scale();
    let mut current = input;
    let mut layers = Vec::new();
    for (index, activation) in fused {
        let node = &backbone.nodes[index];
        let Extent { mut least, mut largest } = extents[index];
        match activation {
            None => {}
            Some(Clamp::Relu) => least = 0.0,
            Some(Clamp::Relu6) => (least, largest) = (0.0, largest.min(6.0)),
        }
        let output = Extent { least, largest }.scale();
        let layer = match node.operation {
            Operation::MaxPool(_) => {
                layers.push((index, Layer::Largest));
                continue;
            }
            Operation::Activation(function) => Layer::Table(table(function, current, output)),
            Operation::AveragePool(_) => {
                let clamps = clamps(current, output, activation);
                Layer::Mean { clamps, factor: Factor::nearest(current.step / output.step) }
            }
            _ => affine(node, &parameters[node.parameters.clone()], current, output, activation)
                .with_context(|| node.label.clone())?,
        };
        layers.push((index, layer));
        current = output;
    }
    let quantised = Quantised { input, output: current, layers };
    ensure!(
        [quantised.steps_per_unit(), quantised.output.step as f32]
            .iter()
            .all(|scale| scale.is_finite() && *scale > 0.0),
        "the values that the calibration inputs give are too small or too large for the scales of \
         int8: are the inputs normalised as in training?"
    );
    Ok(quantised)
}

/// An activation that is a clamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clamp {
    Relu,
    Relu6,
}

/// The layers that are left once activations have become clamps where they can.
fn fuse(backbone: &Graph) -> Result<Vec<(usize, Option<Clamp>)>> {
    ensure!(
        !backbone.nodes.is_empty(),
        "the network has no backbone: name the layers that stay frozen under `backbone`"
    );
    let mut fused: Vec<(usize, Option<Clamp>)> = Vec::new();
    for (index, node) in backbone.nodes.iter().enumerate() {
        ensure!(
            !matches!(node.operation, Operation::LayerNorm { .. }),
            "{}: an int8 backbone has no layer norm; leave --int8 away, or the layer",
            node.label
        );
        let clamp = match node.operation {
            Operation::Activation(Activation::Relu) => Some(Clamp::Relu),
            Operation::Activation(Activation::Relu6) => Some(Clamp::Relu6),
            _ => None,
        };
        let operation = |index: usize| backbone.nodes[index].operation;
        let pool = |index: usize| matches!(operation(index), Operation::MaxPool(_));
        let before = fused.iter_mut().rev().find(|(index, _)| !pool(*index));
        let before =
            before.filter(|(index, _)| !matches!(operation(*index), Operation::Activation(_)));
        match (clamp, before) {
            (Some(clamp), Some((_, slot))) => {
                *slot = match (*slot, clamp) {
                    (Some(Clamp::Relu6), _) | (_, Clamp::Relu6) => Some(Clamp::Relu6),
                    _ => Some(Clamp::Relu),
                };
            }
            _ => fused.push((index, None)),
        }
    }
    Ok(fused)
}

/// The outputs of a function for the bytes from -128 to 127.
fn table(function: Activation, input: Scale, output: Scale) -> Vec<i8> {
    (-128..=127)
        .map(|x| {
            let value = f64::from(x - i32::from(input.zero)) * input.step;
            byte(f64::from(activate(function, value as f32)) / output.step + f64::from(output.zero))
        })
        .collect()
}

fn clamps(input: Scale, output: Scale, activation: Option<Clamp>) -> Clamps {
    let maximum = match activation {
        Some(Clamp::Relu6) => byte(6.0 / output.step + f64::from(output.zero)),
        _ => i8::MAX,
    };
    let minimum = if activation.is_some() { output.zero } else { i8::MIN };
    Clamps { input_zero: input.zero, zero: output.zero, minimum, maximum }
}

fn affine(
    node: &Node,
    parameters: &[f32],
    input: Scale,
    output: Scale,
    activation: Option<Clamp>,
) -> Result<Layer> {
    let (weights, biases) = parameters.split_at(parameters.len() - node.biases);
    let each = weights.len() / node.biases.max(1);
    ensure!(
        each <= LONGEST_SUM,
        "an int8 output is the sum of at most {LONGEST_SUM} products, found {each}"
    );
    let depthwise = matches!(node.operation, Operation::Depthwise(_));
    let output_of = |index: usize| if depthwise { index % node.biases } else { index / each };
    let mut largest = vec![0.0f64; node.biases];
    for (index, weight) in weights.iter().enumerate() {
        let largest = &mut largest[output_of(index)];
        *largest = largest.max(f64::from(weight.abs()));
    }
    // The step must be fine enough for the largest weight, and coarse enough for the bias to fit.
    let steps: Vec<f64> = largest
        .iter()
        .zip(biases)
        .map(|(largest, bias)| {
            let for_bias = f64::from(bias.abs()) / (input.step * 0.99 * f64::from(LARGEST_BIAS));
            let step = (largest / 127.0).max(for_bias);
            if step > 0.0 { step } else { 1.0 }
        })
        .collect();
    let quantised = weights
        .iter()
        .enumerate()
        .map(|(index, weight)| byte(f64::from(*weight) / steps[output_of(index)]).max(-127));
    let bias = |(bias, step): (&f32, &f64)| {
        (f64::from(*bias) / (input.step * step)).round_ties_even() as i32
    };
    Ok(Layer::Affine {
        clamps: clamps(input, output, activation),
        factors: steps
            .iter()
            .map(|step| Factor::nearest(input.step * step / output.step))
            .collect(),
        biases: biases.iter().zip(&steps).map(bias).collect(),
        weights: quantised.collect(),
    })
}

/// Makes the bytes of an [`Int8Backbone`](rolling_ball::nn::int8::Int8Backbone) from a backbone
/// that was trained on the spot rather than imported.
///
/// `network` is the text of a network file, whose `backbone` is quantised. `parameters` are those
/// of the backbone's layers in `f32`, in the order of [`Layer`](rolling_ball::nn::Layer).
/// `calibration` gives some hundred representative inputs, with the channels last.
///
/// ```
/// let network = r#"
///     name = "gestures"
///     input = [3]
///     backbone = [{ type = "dense", tensors = "first", outputs = 2 }, { type = "relu" }]
///     layers = [{ type = "dense", tensors = "last", outputs = 2 }]
/// "#;
/// let parameters = [0.5, -1.0, 0.25, 1.0, 0.5, -0.5, 0.1, -0.1];
/// let calibration = [[0.0, 0.5, 1.0], [1.0, -1.0, 0.0]];
/// let inputs = calibration.iter().map(|input| input.as_slice());
/// let bytes = rolling_ball_import::quantise_backbone(network, &parameters, inputs)?;
///
/// use rolling_ball::nn::int8::{Dense, Int8Backbone};
/// let backbone = Int8Backbone::<Dense<3, 2>>::new(&bytes);
/// assert!(backbone.is_ok());
/// # Ok::<(), rolling_ball_import::Error>(())
/// ```
///
/// # Errors
///
/// [`Error`] says what is wrong with the description, with the number of parameters, or with the
/// values that the calibration inputs give.
pub fn quantise_backbone<'a>(
    network: &str,
    parameters: &[f32],
    calibration: impl IntoIterator<Item = &'a [f32]>,
) -> Result<Vec<u8>, Error> {
    let bytes = || {
        let backbone = Graph::new(&Spec::parse(network)?)?.backbone();
        Ok(quantise(&backbone, parameters, calibration)?.bytes())
    };
    bytes().map_err(|error: anyhow::Error| error.into())
}

impl Layer {
    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Affine { clamps, factors, biases, weights } => {
                bytes.extend(clamps.bytes());
                bytes.extend(factors.iter().flat_map(|factor| factor.multiplier.to_le_bytes()));
                bytes.extend(biases.iter().flat_map(|value| value.to_le_bytes()));
                bytes.extend(factors.iter().map(|factor| factor.shift));
                bytes.extend(weights.iter().map(|value| value.cast_unsigned()));
            }
            Self::Mean { clamps, factor } => {
                bytes.extend(clamps.bytes());
                bytes.extend(factor.multiplier.to_le_bytes());
                bytes.push(factor.shift);
            }
            Self::Largest => {}
            Self::Table(outputs) => bytes.extend(outputs.iter().map(|value| value.cast_unsigned())),
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
        for (_, layer) in &self.layers {
            layer.write(&mut bytes);
        }
        bytes
    }

    /// The factor that the input is multiplied by.
    pub fn steps_per_unit(&self) -> f32 {
        (1.0 / self.input.step) as f32
    }
}
