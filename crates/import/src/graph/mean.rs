//! Layers at every position whose mean is taken, which need no map of their outputs.

use super::{Form, Map, Node, Operation, Window, length};

/// A layer of those after the backbone, or several that are one type.
#[derive(Clone, Debug)]
pub enum Piece<'a> {
    /// A layer by itself.
    Layer(&'a Node),
    /// A pointwise convolution, activations and a global average pool: `MeanOverPositions`.
    Mean {
        /// The map.
        input: Map,
        /// The layers at one position: a dense layer, and the activations.
        layers: Vec<Node>,
    },
}

/// These layers, in a row, as the types of what is trained have them.
pub fn pieces(mut nodes: &[Node]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    while let [first, rest @ ..] = nodes {
        nodes = match mean(nodes) {
            Some((piece, rest)) => {
                pieces.push(piece);
                rest
            }
            None => {
                pieces.push(Piece::Layer(first));
                rest
            }
        };
    }
    pieces
}

/// What these layers begin with, where it is a mean over positions, and the rest.
fn mean(nodes: &[Node]) -> Option<(Piece<'_>, &[Node])> {
    let (first, rest) = nodes.split_first()?;
    let Operation::Convolution(window, Form::Conv2d | Form::Conv1d) = first.operation else {
        return None;
    };
    // The activations keep a bit of each value; of others the map would be kept all the same.
    let is_activation = |node: &Node| match node.operation {
        Operation::Activation(function) => function.has_two_slopes(),
        _ => false,
    };
    let activations = rest.iter().take_while(|node| is_activation(node)).count();
    let (activations, rest) = rest.split_at(activations);
    let (pool, rest) = rest.split_first()?;
    let is_pool =
        matches!(pool.operation, Operation::AveragePool(window, _) if window.is_whole(pool.input));
    let positions = length(first.output) / first.output[2];
    if window != Window::one() || !is_pool || positions == 1 {
        return None;
    }
    let at_one = |node: &Node| {
        let [input, output] = [node.input, node.output].map(|map| [1, 1, map[2]]);
        let operation = match node.operation {
            Operation::Convolution(window, _) => Operation::Convolution(window, Form::Dense),
            _ => node.operation.clone(),
        };
        Node { operation, input, output, ..node.clone() }
    };
    let layers = [first].into_iter().chain(activations).map(at_one).collect();
    Some((Piece::Mean { input: first.input, layers }, rest))
}
