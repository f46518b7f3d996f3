//! Evaluates the network in `f32` on the desktop, with the core's operations in the core's order,
//! so that its logits are the device's.

use super::graph::{Activation, Form, Graph, Node, Operation, length};
use super::windows::{of_channel, windows};
use rolling_ball::kernels::{Active, VectorOps};
use rolling_ball::nn::LayerNorm;
use rolling_ball::nn::activation::{self, Activation as _};

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

    /// Shows the output of every layer, one after the other. Only two of them are in memory at a
    /// time.
    pub fn each_output(&self, input: &[f32], mut see: impl FnMut(&[f32])) {
        let mut current: Option<Vec<f32>> = None;
        for node in &self.graph.nodes {
            let output = self.output(node, current.as_deref().unwrap_or(input));
            see(&output);
            current = Some(output);
        }
    }

    /// Returns the output of the last layer.
    pub fn logits(&self, input: &[f32]) -> Vec<f32> {
        self.through(&self.graph.nodes, input)
    }

    /// Returns the output of the last layer, given the output of the backbone.
    pub fn after_backbone(&self, features: &[f32]) -> Vec<f32> {
        self.through(&self.graph.nodes[self.graph.backbone..], features)
    }

    fn through(&self, nodes: &[Node], input: &[f32]) -> Vec<f32> {
        let Some((first, others)) = nodes.split_first() else { return input.to_vec() };
        let output = self.output(first, input);
        others.iter().fold(output, |input, node| self.output(node, &input))
    }

    fn output(&self, node: &Node, input: &[f32]) -> Vec<f32> {
        let parameters = &self.parameters[node.parameters.clone()];
        let (weights, biases) = parameters.split_at(parameters.len() - node.biases);
        let channels = node.input[2];
        let mut output = Vec::with_capacity(length(node.output));
        match node.operation {
            // It has no rows: each output is one sum.
            Operation::Convolution(_, Form::Dense) => {
                let filters = weights.chunks_exact(input.len()).zip(biases);
                output.extend(filters.map(|(filter, bias)| bias + Active::dot(filter, input)));
            }
            Operation::Convolution(window, _) => {
                let length = window.size[0] * window.size[1] * channels;
                for runs in windows(node.input, window) {
                    for (filter, bias) in weights.chunks_exact(length).zip(biases) {
                        output.push(runs.clone().fold(*bias, |sum, run| {
                            let weights = &filter[run.window..][..run.length];
                            sum + Active::dot(weights, &input[run.map..][..run.length])
                        }));
                    }
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
            Operation::AveragePool(window) => {
                let count = (window.size[0] * window.size[1]) as f32;
                for runs in windows(node.input, window) {
                    output.extend((0..channels).map(|channel| {
                        of_channel(runs.clone(), channel, channels)
                            .fold(0.0, |sum, (_, x)| sum + input[x])
                            / count
                    }));
                }
            }
            Operation::LayerNorm { .. } => return normalise(input, weights, biases),
            Operation::Activation(function) => {
                output.extend(input.iter().map(|x| activate(function, *x)));
            }
        }
        output
    }
}

fn normalise(input: &[f32], scales: &[f32], shifts: &[f32]) -> Vec<f32> {
    let count = input.len() as f32;
    let mean = Active::dot(input, &vec![1.0; input.len()]) / count;
    let centred: Vec<f32> = input.iter().map(|x| x - mean).collect();
    let variance = Active::dot(&centred, &centred) / count;
    let reciprocal = 1.0 / (variance + LayerNorm::<1>::EPSILON).sqrt();
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
        Activation::Tanh => <activation::HyperbolicTangent>::value(x),
        Activation::Sigmoid => <activation::Logistic>::value(x),
        Activation::Gelu => <activation::GaussianErrorLinear>::value(x),
    }
}
