//! Evaluates the network in `f32` on the desktop, with the core's operations in the core's order,
//! so that its logits are the device's.

use super::graph::{Activation, Form, Graph, Map, Node, Operation, Window, length};
use super::windows::windows;
use rolling_ball::kernels::{Active, VectorOps};
use rolling_ball::nn::LayerNorm;
use rolling_ball::nn::activation::{self, Activation as _};
use std::collections::HashMap;

/// A graph whose windows are worked out.
pub struct Evaluator<'a> {
    graph: &'a Graph,
    parameters: &'a [f32],
    /// For each node's index, the runs of its windows: the start in the window, the start in the
    /// map, and the length.
    runs: HashMap<usize, Vec<Vec<Run>>>,
}

#[derive(Clone, Copy)]
struct Run {
    window: usize,
    map: usize,
    length: usize,
}

impl<'a> Evaluator<'a> {
    /// Makes an evaluator over the parameters of all layers, with each layer's weights before its
    /// biases.
    pub fn new(graph: &'a Graph, parameters: &'a [f32]) -> Self {
        let runs = graph.nodes.iter().enumerate().filter_map(|(index, node)| {
            let window = match node.operation {
                // A dense layer has no rows: it is one sum.
                Operation::Convolution(_, Form::Dense) => {
                    let all = Run { window: 0, map: 0, length: length(node.input) };
                    return Some((index, vec![vec![all]]));
                }
                Operation::Convolution(window, _)
                | Operation::Depthwise(window)
                | Operation::MaxPool(window)
                | Operation::AveragePool(window) => window,
                Operation::LayerNorm { .. } | Operation::Activation(_) => return None,
            };
            Some((index, runs(node.input, window)))
        });
        Self { graph, parameters, runs: runs.collect() }
    }

    /// Returns the output of every layer.
    pub fn outputs(&self, input: &[f32]) -> Vec<Vec<f32>> {
        let mut outputs: Vec<Vec<f32>> = Vec::with_capacity(self.graph.nodes.len());
        for (index, node) in self.graph.nodes.iter().enumerate() {
            let input = outputs.last().map_or(input, Vec::as_slice);
            outputs.push(self.output(index, node, input));
        }
        outputs
    }

    /// Returns the output of the last layer.
    pub fn logits(&self, input: &[f32]) -> Vec<f32> {
        self.outputs(input).pop().unwrap_or_default()
    }

    /// Returns the output of the last layer, given the output of the backbone.
    pub fn after_backbone(&self, features: &[f32]) -> Vec<f32> {
        let layers = self.graph.nodes.iter().enumerate().skip(self.graph.backbone);
        layers.fold(features.to_vec(), |input, (index, node)| self.output(index, node, &input))
    }

    fn output(&self, index: usize, node: &Node, input: &[f32]) -> Vec<f32> {
        let parameters = &self.parameters[node.parameters.clone()];
        let (weights, biases) = parameters.split_at(parameters.len() - node.biases);
        let channels = node.input[2];
        let mut output = Vec::with_capacity(length(node.output));
        if let Operation::Activation(function) = node.operation {
            output.extend(input.iter().map(|x| activate(function, *x)));
            return output;
        }
        if let Operation::LayerNorm { .. } = node.operation {
            return normalise(input, weights, biases);
        }
        for runs in &self.runs[&index] {
            let of_channel = |channel: usize| {
                runs.iter().flat_map(move |run| {
                    (channel..run.length).step_by(channels).map(|i| (run.window + i, run.map + i))
                })
            };
            match node.operation {
                Operation::Convolution(window, _) => {
                    let length = window.size[0] * window.size[1] * channels;
                    for (filter, bias) in weights.chunks_exact(length).zip(biases) {
                        output.push(runs.iter().fold(*bias, |sum, run| {
                            let weights = &filter[run.window..][..run.length];
                            sum + Active::dot(weights, &input[run.map..][..run.length])
                        }));
                    }
                }
                Operation::Depthwise(_) => {
                    output.extend(biases.iter().enumerate().map(|(channel, bias)| {
                        of_channel(channel)
                            .fold(*bias, |sum, (weight, x)| sum + weights[weight] * input[x])
                    }));
                }
                Operation::MaxPool(_) => output.extend((0..channels).map(|channel| {
                    of_channel(channel).map(|(_, x)| input[x]).fold(f32::NEG_INFINITY, f32::max)
                })),
                Operation::AveragePool(window) => {
                    let count = (window.size[0] * window.size[1]) as f32;
                    output.extend((0..channels).map(|channel| {
                        of_channel(channel).fold(0.0, |sum, (_, x)| sum + input[x]) / count
                    }));
                }
                Operation::LayerNorm { .. } | Operation::Activation(_) => {}
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

fn activate(function: Activation, x: f32) -> f32 {
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

/// The elements of each window, row by row. Elements that are neighbours both in the window and in
/// the map form one run.
fn runs(map: Map, window: Window) -> Vec<Vec<Run>> {
    let row = window.size[1] * map[2];
    let of_window = |seen: Vec<(usize, usize)>| {
        let mut runs: Vec<Run> = Vec::new();
        for (inside, outside) in seen {
            match runs.last_mut() {
                Some(run) if run.window / row == inside / row => run.length += 1,
                _ => runs.push(Run { window: inside, map: outside, length: 1 }),
            }
        }
        runs
    };
    windows(map, window).into_iter().map(of_window).collect()
}
