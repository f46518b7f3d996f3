//! An int8 form of layers in `f32`.
//!
//! The scale and the zero point of the activations come from their values on the calibration
//! inputs; the weights have a scale for each output. A ReLU becomes the clamp of the layer before
//! it, past max pools, with which it commutes; other activations become tables.

use super::{
    Clamp, Factor, Layer, Placed, Quantised, byte, clamps, norm, rescale, slopes, sum, table,
};
use crate::dataflow::Scale;
use crate::error::Error;
use crate::evaluate::Evaluator;
use crate::graph::{Graph, Node, Operation, every};
use crate::spec::Spec;
use anyhow::{Context, Result, ensure};
use rolling_ball::nn::int8::{LARGEST_BIAS, LONGEST_SUM};

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

/// Makes the int8 form of a backbone, whose parameters are in this project's layout, layer after
/// layer.
pub fn calibrate(
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
    ensure!(
        !backbone.nodes.is_empty(),
        "the network has no backbone: name the layers that stay frozen under `backbone`"
    );
    let all = backbone.every();
    let evaluator = Evaluator::new(backbone, parameters);
    let mut extents = vec![Extent::default(); all.len()];
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
    for (extent, node) in extents.iter().zip(&all) {
        ensure!(
            extent.least.is_finite() && extent.largest.is_finite(),
            "{}: its outputs on the calibration inputs are not finite",
            node.label
        );
    }
    let input = input.scale();
    let calibration = Calibration { parameters, extents };
    let (layers, output) = calibration.chain(&backbone.nodes, 0, input, None)?;
    let quantised = Quantised { input, output, layers };
    ensure!(
        [quantised.steps_per_unit(), quantised.output.step as f32]
            .iter()
            .all(|scale| scale.is_finite() && *scale > 0.0),
        "the values that the calibration inputs give are too small or too large for the scales of \
         int8: are the inputs normalised as in training?"
    );
    Ok(quantised)
}

/// A layer that is left once activations have become clamps where they can.
struct Fused<'a> {
    node: &'a Node,
    /// Its index in the order of every layer.
    index: usize,
    activation: Option<Clamp>,
}

/// What the calibration inputs say of each layer.
struct Calibration<'a> {
    parameters: &'a [f32],
    extents: Vec<Extent>,
}

impl Calibration<'_> {
    /// The int8 form of layers in a row, of which the first has this index among all, and the scale
    /// of their output. Where one is wanted, it is that, as far as the last layer can choose.
    fn chain(
        &self,
        nodes: &[Node],
        first: usize,
        input: Scale,
        wanted: Option<Scale>,
    ) -> Result<(Vec<Placed>, Scale)> {
        let fused = fuse(nodes, first);
        let mut current = input;
        let mut layers = Vec::new();
        let last = fused.iter().rposition(|fused| !is_pool(fused.node));
        for (place, Fused { node, index, activation }) in fused.into_iter().enumerate() {
            let Extent { mut least, mut largest } = self.extents[index];
            match activation {
                None => {}
                Some(Clamp::Relu) => least = 0.0,
                Some(Clamp::Relu6) => (least, largest) = (0.0, largest.min(6.0)),
            }
            let own = Extent { least, largest }.scale();
            let output = wanted.filter(|_| last == Some(place)).unwrap_or(own);
            let layer = self.layer(node, index, activation, [current, output]);
            let layer = layer.with_context(|| node.label.clone())?;
            if !is_pool(node) {
                current = output;
            }
            layers.push(Placed { index, layer });
        }
        Ok((layers, current))
    }

    fn layer(
        &self,
        node: &Node,
        index: usize,
        activation: Option<Clamp>,
        [input, output]: [Scale; 2],
    ) -> Result<Layer> {
        let [one, other] = node.inside();
        // Those inside come before it: first all of one way, then all of the other.
        let (inside, after) = (every(one).len(), every(other).len());
        let firsts = [index - inside - after, index - after];
        Ok(match &node.operation {
            Operation::MaxPool(_) => Layer::Largest,
            Operation::Activation(function) => Layer::Table(table(*function, input, output)),
            Operation::AveragePool(..) => {
                let clamps = clamps(input, output, activation);
                Layer::Mean { clamps, factor: Factor::nearest(input.step / output.step) }
            }
            Operation::Convolution(..)
            | Operation::Grouped(..)
            | Operation::Depthwise(_)
            | Operation::ScaleShift => {
                let parameters = &self.parameters[node.parameters.clone()];
                affine(node, parameters, input, output, activation)?
            }
            Operation::Residual { layers, shortcut } => sum(
                self.chain(layers, firsts[0], input, None)?,
                self.chain(shortcut, firsts[1], input, None)?,
                output,
                activation,
            ),
            Operation::Concat { first, second } => {
                let side = |nodes: &[Node], start| {
                    let (mut layers, scale) = self.chain(nodes, start, input, Some(output))?;
                    let shape = nodes.last().map_or(node.input, |node| node.output);
                    layers.extend(rescale(index, shape, scale, output));
                    anyhow::Ok(layers)
                };
                Layer::Concat { first: side(first, firsts[0])?, second: side(second, firsts[1])? }
            }
            Operation::LayerNorm(of) => {
                let (scales, shifts) =
                    self.parameters[node.parameters.clone()].split_at(node.biases);
                ensure!(
                    scales.len() <= LONGEST_SUM,
                    "an int8 layer norm is over at most {LONGEST_SUM} values, found {}",
                    scales.len()
                );
                norm((scales, shifts), of.epsilon, activation, [input, output])
            }
            Operation::ParametricRelu => {
                let weights = &self.parameters[node.parameters.clone()];
                let largest = weights.iter().fold(0.0, |most: f32, slope| most.max(slope.abs()));
                let step = f64::from(largest) / f64::from(i16::MAX);
                let own = if step > 0.0 { step } else { 1.0 };
                let slope = |slope: &f32| (f64::from(*slope) / own).round() as i16;
                slopes(weights.iter().map(slope).collect(), own, [input, output])
            }
        })
    }
}

fn is_pool(node: &Node) -> bool {
    matches!(node.operation, Operation::MaxPool(_))
}

/// The layers that are left once activations have become clamps where they can.
fn fuse(nodes: &[Node], first: usize) -> Vec<Fused<'_>> {
    let mut fused: Vec<Fused> = Vec::new();
    let mut next = first;
    for node in nodes {
        next += node.inside().into_iter().map(|inside| every(inside).len()).sum::<usize>();
        let index = next;
        next += 1;
        let before = fused.iter_mut().rev().find(|fused| !is_pool(fused.node));
        let takes_clamps = |node: &Node| {
            !matches!(
                node.operation,
                Operation::Activation(_) | Operation::ParametricRelu | Operation::Concat { .. }
            )
        };
        match (Clamp::of(node), before.filter(|fused| takes_clamps(fused.node))) {
            (Some(clamp), Some(Fused { activation, .. })) => {
                *activation = match (*activation, clamp) {
                    (Some(Clamp::Relu6), _) | (_, Clamp::Relu6) => Some(Clamp::Relu6),
                    _ => Some(Clamp::Relu),
                };
            }
            _ => fused.push(Fused { node, index, activation: None }),
        }
    }
    fused
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
    let by_channel = matches!(node.operation, Operation::Depthwise(_) | Operation::ScaleShift);
    let output_of = |index: usize| if by_channel { index % node.biases } else { index / each };
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
        Ok(calibrate(&backbone, parameters, calibration)?.bytes())
    };
    bytes().map_err(|error: anyhow::Error| error.into())
}
