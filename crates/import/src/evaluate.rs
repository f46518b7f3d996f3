//! Evaluates the network in `f32` on the desktop, with the core's operations in the core's order,
//! so that its logits are the device's.

use super::graph::{Activation, Divisor, Form, Graph, Node, Operation, length};
use super::int8::reference;
use super::windows::{Run, of_channel, windows};
use rolling_ball::kernels::{Active, VectorOps};
use rolling_ball::nn::activation::{self, Activation as _};
use rolling_ball::{Libm, Math};

/// What is shown every layer with its output, which it may change before the next layer sees it.
type See<'a> = &'a mut dyn FnMut(&Node, &mut [f32]);

/// A graph with its parameters.
#[derive(Clone, Copy)]
pub struct Evaluator<'a> {
    graph: &'a Graph,
    parameters: &'a [f32],
}

impl<'a> Evaluator<'a> {
    /// Makes an evaluator over the parameters of all layers, with each layer's weights before its
    /// biases.
    pub fn new(graph: &'a Graph, parameters: &'a [f32]) -> Self {
        Self { graph, parameters }
    }

    /// Shows the output of every layer, in the order of [`Graph::every`]. What is made of it there
    /// goes on to the next layer.
    pub fn each_output(&self, input: &[f32], mut see: impl FnMut(&Node, &mut [f32])) {
        self.through(&self.graph.nodes, input, &mut see);
    }

    /// As [`each_output`](Self::each_output), of the layers after the backbone, given its output.
    pub fn each_output_after_backbone(
        &self,
        features: &[f32],
        mut see: impl FnMut(&Node, &mut [f32]),
    ) {
        self.through(&self.graph.nodes[self.graph.backbone..], features, &mut see);
    }

    /// Returns the output of the last layer.
    pub fn logits(&self, input: &[f32]) -> Vec<f32> {
        self.through(&self.graph.nodes, input, &mut |_, _| {})
    }

    /// Returns the output of the last layer, given the output of the backbone.
    pub fn after_backbone(&self, features: &[f32]) -> Vec<f32> {
        self.through(&self.graph.nodes[self.graph.backbone..], features, &mut |_, _| {})
    }

    fn through(&self, nodes: &[Node], input: &[f32], see: See) -> Vec<f32> {
        let mut current: Option<Vec<f32>> = None;
        for node in nodes {
            let mut output = self.output(node, current.as_deref().unwrap_or(input), see);
            see(node, &mut output);
            current = Some(output);
        }
        current.unwrap_or_else(|| input.to_vec())
    }

    /// The output of a layer. Layers inside it are at most as deep as a graph allows.
    fn output(&self, node: &Node, input: &[f32], see: See) -> Vec<f32> {
        if let Some(int8) = &node.int8 {
            return reference::output_of(node, int8, input);
        }
        let parameters = &self.parameters[node.parameters.clone()];
        let channels = node.input[2];
        match &node.operation {
            Operation::Residual { layers, shortcut } => {
                let mut sums = self.through(layers, input, see);
                let others = self.through(shortcut, input, see);
                for (sum, other) in sums.iter_mut().zip(others) {
                    *sum += other;
                }
                return sums;
            }
            Operation::Concat { first, second } => {
                let first = self.through(first, input, see);
                let second = self.through(second, input, see);
                let positions = node.output[0] * node.output[1];
                let (one, other) = (first.len() / positions, second.len() / positions);
                let pairs = first.chunks_exact(one).zip(second.chunks_exact(other));
                return pairs.flat_map(|(one, other)| [one, other].concat()).collect();
            }
            _ => {}
        }
        let (weights, biases) = parameters.split_at(parameters.len() - node.biases);
        let mut output = Vec::with_capacity(length(node.output));
        match node.operation {
            // It has no rows: each output is one sum.
            Operation::Convolution(_, Form::Dense) => {
                let filters = weights.chunks_exact(input.len()).zip(biases);
                output.extend(filters.map(|(filter, bias)| bias + Active::dot(filter, input)));
            }
            Operation::Convolution(window, _) => {
                let length = window.positions() * channels;
                for runs in windows(node.input, window) {
                    for (filter, bias) in weights.chunks_exact(length).zip(biases) {
                        output.push(runs.clone().fold(*bias, |sum, run| {
                            let weights = &filter[run.window..][..run.length];
                            sum + Active::dot(weights, &input[run.map..][..run.length])
                        }));
                    }
                }
            }
            Operation::Grouped(window, groups) => {
                let each = channels / groups;
                let length = window.positions() * each;
                let filters = biases.len() / groups;
                for runs in windows(node.input, window) {
                    let filter = weights.chunks_exact(length).zip(biases).enumerate();
                    output.extend(filter.map(|(index, (filter, bias))| {
                        let first = index / filters * each;
                        group(runs.clone(), channels, first).fold(*bias, |sum, (window, map)| {
                            let weights = &filter[window / channels * each..][..each];
                            sum + Active::dot(weights, &input[map..][..each])
                        })
                    }));
                }
            }
            Operation::Depthwise(window) => {
                for runs in windows(node.input, window) {
                    output.extend(biases.iter().enumerate().map(|(channel, bias)| {
                        of_channel(runs.clone(), channel, channels)
                            .fold(*bias, |sum, (weight, x)| sum + weights[weight] * input[x])
                    }));
                }
            }
            Operation::MaxPool(window) => {
                for runs in windows(node.input, window) {
                    output.extend((0..channels).map(|channel| {
                        of_channel(runs.clone(), channel, channels)
                            .map(|(_, x)| input[x])
                            .fold(f32::NEG_INFINITY, f32::max)
                    }));
                }
            }
            Operation::AveragePool(window, divisor) => {
                for runs in windows(node.input, window) {
                    let count = match divisor {
                        Divisor::Window => window.positions(),
                        Divisor::Map => of_channel(runs.clone(), 0, channels).count(),
                    };
                    output.extend((0..channels).map(|channel| {
                        of_channel(runs.clone(), channel, channels)
                            .fold(0.0, |sum, (_, x)| sum + input[x])
                            / count as f32
                    }));
                }
            }
            Operation::ScaleShift => {
                for position in input.chunks_exact(channels) {
                    let each = position.iter().zip(weights).zip(biases);
                    output.extend(each.map(|((x, scale), shift)| scale * x + shift));
                }
            }
            Operation::ParametricRelu => {
                for position in input.chunks_exact(channels) {
                    let each = position.iter().zip(weights);
                    output.extend(each.map(|(x, slope)| if *x > 0.0 { *x } else { slope * x }));
                }
            }
            Operation::LayerNorm(norm) => {
                let each = if norm.dimensions == 0 { channels } else { input.len() };
                for values in input.chunks_exact(each) {
                    output.extend(normalise(values, weights, biases, norm.epsilon));
                }
            }
            Operation::Activation(function) => {
                output.extend(input.iter().map(|x| activate(function, *x)));
            }
            Operation::Residual { .. } | Operation::Concat { .. } => {}
        }
        output
    }
}

/// The positions of a window: where each begins in the window, and where its channels from this one
/// on begin in the map.
fn group(
    runs: impl Iterator<Item = Run>,
    channels: usize,
    first: usize,
) -> impl Iterator<Item = (usize, usize)> {
    of_channel(runs, 0, channels).map(move |(window, map)| (window, map + first))
}

fn normalise(input: &[f32], scales: &[f32], shifts: &[f32], epsilon: f32) -> Vec<f32> {
    let count = input.len() as f32;
    let mean = Active::dot(input, &vec![1.0; input.len()]) / count;
    let centred: Vec<f32> = input.iter().map(|x| x - mean).collect();
    let variance = Active::dot(&centred, &centred) / count;
    let reciprocal = 1.0 / (variance + epsilon).sqrt();
    let parameters = scales.iter().zip(shifts);
    centred
        .iter()
        .zip(parameters)
        .map(|(x, (scale, shift))| scale * (x * reciprocal) + shift)
        .collect()
}

/// A function of one value.
pub fn activate(function: Activation, x: f32) -> f32 {
    match function {
        Activation::Relu => activation::Rectifier::value(x),
        Activation::Relu6 => activation::CappedRectifier::value(x),
        Activation::LeakyRelu { .. } if x > 0.0 => x,
        Activation::LeakyRelu { numerator, denominator } => {
            f32::from(numerator) / f32::from(denominator) * x
        }
        Activation::Elu { .. } if x > 0.0 => x,
        Activation::Elu { numerator, denominator } => {
            f32::from(numerator) / f32::from(denominator) * (Libm::exp(x) - 1.0)
        }
        Activation::HardSigmoid { numerator, denominator } => {
            let y = f32::from(numerator) / f32::from(denominator) * x + 0.5;
            if y >= 1.0 { 1.0 } else { activation::Rectifier::value(y) }
        }
        Activation::Silu => <activation::LogisticLinear>::value(x),
        Activation::HardSwish => activation::HardLogisticLinear::value(x),
        Activation::Tanh => <activation::HyperbolicTangent>::value(x),
        Activation::Sigmoid => <activation::Logistic>::value(x),
        Activation::Gelu => <activation::GaussianErrorLinear>::value(x),
    }
}
