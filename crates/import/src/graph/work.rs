//! How much a network computes.

use super::{Node, Operation, length};

impl Node {
    /// The parameters of its own, without those of the layers inside it.
    pub fn own_parameters(&self) -> usize {
        if self.source.is_some() { self.parameters.len() } else { 0 }
    }

    /// How many of its own parameters are trained.
    pub fn trained(&self) -> usize {
        let parts = self.parts().into_iter().filter(|(_, trained)| *trained);
        parts.map(|(part, _)| part.len()).sum::<usize>() + self.beside()
    }

    /// The parameters of the matrix of a low rank beside it.
    pub fn beside(&self) -> usize {
        self.rank() * self.widths().iter().sum::<usize>()
    }

    /// The products of that matrix.
    fn multiply_adds_beside(&self) -> u64 {
        let positions = length(self.output) / self.widths()[1].max(1);
        self.beside() as u64 * positions as u64
    }

    /// How many weights it has of its own.
    fn weights(&self) -> u64 {
        self.own_parameters().saturating_sub(self.biases) as u64
    }

    /// How many of them are trained.
    fn trained_weights(&self) -> u64 {
        let biases = self.parameters.end - self.biases.min(self.parameters.len());
        let parts = self.parts().into_iter();
        let trained = parts.filter(|(part, trained)| *trained && part.end <= biases);
        trained.map(|(part, _)| part.len() as u64).sum()
    }

    /// The products that it adds up for an input, with those in the padding, without those of the
    /// layers inside it. Comparisons and functions of single values are not counted.
    pub fn multiply_adds(&self) -> u64 {
        let positions = self.output[0] * self.output[1];
        let weights = self.parameters.len() - self.biases;
        match self.operation {
            // Each weight has a part in each position.
            Operation::Convolution(..)
            | Operation::Grouped(..)
            | Operation::Depthwise(_)
            | Operation::ScaleShift
            | Operation::ParametricRelu => weights as u64 * positions as u64,
            Operation::LayerNorm(_) => length(self.output) as u64,
            Operation::MaxPool(_)
            | Operation::AveragePool(..)
            | Operation::Activation(_)
            | Operation::Residual { .. }
            | Operation::Concat { .. } => 0,
        }
    }
}

/// The products that all these layers, and those inside them, add up for an input.
pub fn forward(nodes: &[Node]) -> u64 {
    let nodes = super::every(nodes).into_iter();
    nodes.map(|node| node.multiply_adds() + node.multiply_adds_beside()).sum()
}

/// The products of a backward pass through layers in a row, as the core's layers do it: weights
/// that are trained take as many as a forward pass, and so does the gradient that is handed on to
/// the layer before, which ends at the first layer that learns.
pub fn backward(nodes: &[Node]) -> u64 {
    through(nodes, false)
}

/// As [`backward`]; `handed_on` says whether the first layer hands its gradient on as well. Layers
/// inside others are at most as deep as a graph allows.
fn through(nodes: &[Node], mut handed_on: bool) -> u64 {
    let mut products = 0;
    for node in nodes {
        let inside = node.inside();
        let learns = super::every(std::slice::from_ref(node)).into_iter().any(|n| n.trained() > 0);
        if !learns && !handed_on {
            continue;
        }
        let own = node.multiply_adds();
        products += own * node.trained_weights() / node.weights().max(1);
        products += if handed_on { own } else { 0 };
        // The gradient with respect to both matrices, and what is handed on.
        products += node.multiply_adds_beside() * if handed_on { 2 } else { 1 };
        products += inside.into_iter().map(|nodes| through(nodes, handed_on)).sum::<u64>();
        handed_on = true;
    }
    products
}

#[cfg(test)]
mod tests {
    use super::super::Graph;
    use super::*;
    use crate::spec::Spec;
    use anyhow::Result;

    fn graph(layers: &str) -> Result<Graph> {
        let text = format!("name = \"net\"\ninput = [8]\nlayers = [{layers}]");
        Graph::new(&Spec::parse(&text)?)
    }

    #[test]
    fn the_gradient_is_handed_on_to_the_first_layer_that_learns_and_no_further() -> Result<()> {
        let dense = |outputs: usize, train: &str| {
            format!(
                "{{ type = \"dense\", tensors = \"d\", outputs = {outputs}, train = \"{train}\" }}"
            )
        };
        // 8-16-4: products of a forward pass, 128 and 64.
        for (trains, backward_expected) in [
            // Both weights, and the second layer's input.
            (["all", "all"], 128 + 64 + 64),
            (["frozen", "all"], 64),
            (["biases", "biases"], 64),
            (["all", "frozen"], 128 + 64),
        ] {
            let layers = format!("{}, {}", dense(16, trains[0]), dense(4, trains[1]));
            let graph = graph(&layers)?;
            assert_eq!(forward(&graph.nodes), 128 + 64);
            assert_eq!(backward(&graph.nodes), backward_expected, "{trains:?}");
        }
        Ok(())
    }
}
