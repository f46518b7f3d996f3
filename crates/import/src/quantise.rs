//! Turns an `f32` backbone into the bytes of an
//! [`Int8Backbone`](rolling_ball::nn::int8::Int8Backbone).
//!
//! The scale and the zero point of the activations come from their values on the calibration
//! inputs; the weights have a scale for each output. A ReLU becomes the clamp of the layer before
//! it, past max pools, with which it commutes.

use super::evaluate::Evaluator;
use super::graph::{Activation, Graph, Node, Operation};
use super::spec::Spec;
use crate::error::Error;
use anyhow::{Context, Result, bail, ensure};
use rolling_ball::nn::int8::{LARGEST_BIAS, LONGEST_SUM};

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

/// The parameters of a layer that requantises.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The zero points and the clamps.
    pub clamps: Clamps,
    /// One multiplier for each output channel, or a single one for a pool.
    pub multipliers: Vec<f32>,
    /// One bias for each output channel, or none.
    pub biases: Vec<i32>,
    /// The weights, in the order of the `f32` layer.
    pub weights: Vec<i8>,
}

/// A backbone in eight bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantised {
    /// The scale of the input.
    pub input: Scale,
    /// The scale of the features.
    pub output: Scale,
    /// The layers that are left, each by its index in the graph, with its parameters unless it is a
    /// max pool.
    pub layers: Vec<(usize, Option<Layer>)>,
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
        evaluator.each_output(values.as_ref(), |_, output| {
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
        if let Operation::MaxPool(_) = node.operation {
            layers.push((index, None));
            continue;
        }
        let Extent { mut least, mut largest } = extents[index];
        match activation {
            None => {}
            Some(Clamp::Relu) => least = 0.0,
            Some(Clamp::Relu6) => (least, largest) = (0.0, largest.min(6.0)),
        }
        let output = Extent { least, largest }.scale();
        let parameters = &parameters[node.parameters.clone()];
        let layer = layer(node, parameters, current, output, activation)
            .with_context(|| node.label.clone())?;
        layers.push((index, Some(layer)));
        current = output;
    }
    let quantised = Quantised { input, output: current, layers };
    ensure!(
        quantised.factors().all(|factor| factor.is_finite() && factor > 0.0),
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

/// The layers that are left once the activations have become clamps.
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
        let Operation::Activation(function) = node.operation else {
            fused.push((index, None));
            continue;
        };
        let clamp = match function {
            Activation::Relu => Clamp::Relu,
            Activation::Relu6 => Clamp::Relu6,
            _ => bail!(
                "{}: an int8 backbone has relu and relu6 only; use one of them, or leave --int8 \
                 away",
                node.label
            ),
        };
        let pool = |index: usize| matches!(backbone.nodes[index].operation, Operation::MaxPool(_));
        let before = fused.iter_mut().rev().find(|(index, _)| !pool(*index));
        let Some((_, slot)) = before else {
            bail!("{}: expected it after a layer whose outputs it clamps", node.label);
        };
        *slot = match (*slot, clamp) {
            (Some(Clamp::Relu6), _) | (_, Clamp::Relu6) => Some(Clamp::Relu6),
            _ => Some(Clamp::Relu),
        };
    }
    Ok(fused)
}

fn layer(
    node: &Node,
    parameters: &[f32],
    input: Scale,
    output: Scale,
    activation: Option<Clamp>,
) -> Result<Layer> {
    let maximum = match activation {
        Some(Clamp::Relu6) => byte(6.0 / output.step + f64::from(output.zero)),
        _ => i8::MAX,
    };
    let minimum = if activation.is_some() { output.zero } else { i8::MIN };
    let clamps = Clamps { input_zero: input.zero, zero: output.zero, minimum, maximum };
    let multiplier = |step: f64| ((step / output.step) as f32).max(f32::MIN_POSITIVE);
    if let Operation::AveragePool(window, _) = node.operation {
        let count = (window.size[0] * window.size[1]) as f64;
        let multipliers = vec![multiplier(input.step / count)];
        return Ok(Layer { clamps, multipliers, biases: Vec::new(), weights: Vec::new() });
    }
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
    Ok(Layer {
        clamps,
        multipliers: steps.iter().map(|step| multiplier(input.step * step)).collect(),
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

impl Quantised {
    /// The bytes, in the layout that [`int8`](rolling_ball::nn::int8) reads.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"RBQ1".to_vec();
        bytes.extend(self.steps_per_unit().to_le_bytes());
        bytes.extend((self.output.step as f32).to_le_bytes());
        bytes.extend([self.input.zero, self.output.zero].map(i8::cast_unsigned));
        for layer in self.layers.iter().filter_map(|(_, layer)| layer.as_ref()) {
            let Clamps { input_zero, zero, minimum, maximum } = layer.clamps;
            bytes.extend([input_zero, zero, minimum, maximum].map(i8::cast_unsigned));
            bytes.extend(layer.multipliers.iter().flat_map(|value| value.to_le_bytes()));
            bytes.extend(layer.biases.iter().flat_map(|value| value.to_le_bytes()));
            bytes.extend(layer.weights.iter().map(|value| value.cast_unsigned()));
        }
        bytes
    }

    /// All factors that the device multiplies by.
    fn factors(&self) -> impl Iterator<Item = f32> {
        let layers = self.layers.iter().filter_map(|(_, layer)| layer.as_ref());
        let multipliers = layers.flat_map(|layer| layer.multipliers.iter().copied());
        [self.steps_per_unit(), self.output.step as f32].into_iter().chain(multipliers)
    }

    /// The factor that the input is multiplied by.
    pub fn steps_per_unit(&self) -> f32 {
        (1.0 / self.input.step) as f32
    }
}
