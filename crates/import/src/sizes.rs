//! What a network takes of a board, computed as its types will say it.

use super::graph::{Graph, Node, Operation, every, length};
use super::spec::Train;

/// The parameters after the backbone, by where they are stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Theta: the parameters that are trained.
    pub theta: Vec<f32>,
    /// The parameters that are not trained.
    pub frozen: Vec<f32>,
}

/// Splits the parameters of the layers after the backbone.
pub fn split(graph: &Graph, parameters: &[f32]) -> Split {
    let (mut theta, mut frozen) = (Vec::new(), Vec::new());
    for node in every(&graph.nodes[graph.backbone..]) {
        // What a layer of branches has is theirs.
        if node.source.is_none() {
            continue;
        }
        let all = &parameters[node.parameters.clone()];
        let (weights, biases) = all.split_at(all.len() - node.biases);
        let (for_weights, for_biases) = match node.train {
            Train::All => (true, true),
            Train::Biases => (false, true),
            Train::Frozen => (false, false),
        };
        for (values, trained) in [(weights, for_weights), (biases, for_biases)] {
            if trained { theta.push(values) } else { frozen.push(values) }
        }
    }
    Split { theta: theta.concat(), frozen: frozen.concat() }
}

/// The floats of scratch, equal to `Network::SCRATCH`.
pub fn scratch(graph: &Graph, int8: bool) -> usize {
    let (backbone, layers) = graph.nodes.split_at(graph.backbone);
    let inside = if int8 { backbone_int8(backbone) } else { backbone_f32(backbone) };
    let inputs = layers.first().map_or(0, |node| length(node.input));
    let outputs: usize = layers.iter().map(|node| length(node.output)).sum();
    let activations: usize = layers.iter().map(activations).sum();
    inside + inputs + outputs + activations
}

/// The bytes of RAM for training with the ball, equal to `Network::RAM_BYTES`.
pub fn ram_bytes(theta: usize, scratch: usize) -> usize {
    4 * (3 * theta + scratch)
}

fn width(nodes: &[Node]) -> usize {
    nodes.iter().map(|node| length(node.input).max(length(node.output))).max().unwrap_or(0)
}

/// The two buffers take turns, so the outputs of every other layer are in the same one.
fn backbone_f32(nodes: &[Node]) -> usize {
    let (mut this, mut other) = (nodes.first().map_or(0, |node| length(node.input)), 0);
    for node in nodes {
        (this, other) = (length(node.output).max(other), this);
    }
    this + other + nodes.iter().map(activations).max().unwrap_or(0)
}

fn backbone_int8(nodes: &[Node]) -> usize {
    (2 * width(nodes)).div_ceil(4)
}

/// The floats that layers in a row keep for a backward pass, with those between them.
fn kept(nodes: &[Node]) -> usize {
    let between = nodes.len().saturating_sub(1);
    let outputs: usize = nodes[..between].iter().map(|node| length(node.output)).sum();
    outputs + nodes.iter().map(activations).sum::<usize>()
}

/// Where windows overlap, a max pool keeps the place of each maximum; a layer norm keeps its mean
/// and deviation.
fn activations(node: &Node) -> usize {
    match &node.operation {
        Operation::MaxPool(window)
            if window.size[0] > window.stride[0] || window.size[1] > window.stride[1] =>
        {
            length(node.output)
        }
        Operation::LayerNorm { .. } => 2,
        Operation::Residual { layers: first, shortcut: second }
        | Operation::Concat { first, second } => kept(first) + kept(second),
        _ => 0,
    }
}
