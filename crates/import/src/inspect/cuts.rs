//! What could be trained, and what it takes.

use super::instructions::{self, Instructions, Work};
use crate::dataflow::Dataflow;
use crate::error::Error;
use crate::graph::{self, Graph, Node};
use crate::int8::{Quantised, keep_frozen, kept};
use crate::sizes;
use crate::spec::Train;
use anyhow::Result;
use serde::Serialize;

/// Something that could be trained, and what it takes. Bytes are those of the types and files that
/// an import with the same `--train` writes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cut {
    /// What stands after `--train`; or `as described`, where a description says it.
    pub train: String,
    /// The parameters that are trained.
    pub parameters: usize,
    /// The bytes of RAM for training with the ball: theta, its two vectors and scratch, with a
    /// backbone in `f32`.
    pub ram_bytes: usize,
    /// The bytes of flash of the backbone in `f32`, the frozen parameters after it, and theta to
    /// start from.
    pub flash_bytes: usize,
    /// The same with the int8 form that the file has of the backbone and of what is frozen after
    /// it; none where it has none.
    pub int8: Option<Int8>,
    /// The products that are added up for a sample.
    pub multiply_adds: MultiplyAdds,
    /// The bytes that the features of a sample take where they are kept: those of the int8 backbone
    /// where there is one, and none without a backbone.
    pub feature_bytes: usize,
    /// Estimates of the instructions of a training with the ball, with the int8 backbone where
    /// there is one.
    pub instructions: Vec<Instructions>,
    /// Why an import with this would be refused, if that is so.
    pub refused: Option<String>,
}

/// What a network takes with its backbone, and what is frozen after it, in int8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "as those of a Cut")]
pub struct Int8 {
    pub ram_bytes: usize,
    pub flash_bytes: usize,
}

/// Products that are added up for a sample, with those in the padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MultiplyAdds {
    /// In a forward pass of everything. A step with the ball does two of the layers after the
    /// backbone, one for the gradient and one for the loss where it ends.
    pub forward: u64,
    /// In a backward pass, of which a step does one.
    pub backward: u64,
}

/// Up to this number, `last:1`, `last:2` and so on are all told; then each twice the one before.
const ONE_BY_ONE: usize = 8;

/// Of the layer before the last, also one of so many outputs is told,
const FEWER: usize = 8;
/// and a matrix of this rank beside it.
const LOW_RANK: usize = 4;

/// All that could be trained, from less to more.
pub fn cuts(graph: Graph, dataflow: Option<&Dataflow>) -> Result<Vec<Cut>> {
    let layers = graph.with_parameters();
    let counts = (1..=ONE_BY_ONE).chain((1..).map(|power| ONE_BY_ONE << power));
    let mut cuts = Vec::new();
    if dataflow.is_none() {
        cuts.push(cut("as described".to_owned(), &graph, None));
    }
    if layers.is_empty() {
        return Ok(cuts);
    }
    let parts = match layers.as_slice() {
        [.., before, _] if dataflow.is_some() => parts(graph.every()[*before]),
        _ => Vec::new(),
    };
    let mut graph = graph;
    let mut add = |train: String, trained: &[usize], how: &dyn Fn(usize) -> Train| -> Result<()> {
        let trained = trained.iter().enumerate().map(|(place, layer)| (*layer, how(place)));
        graph.train(&trained.collect())?;
        cuts.push(cut(train, &graph, dataflow));
        Ok(())
    };
    for count in counts.take_while(|count| *count < layers.len()) {
        let first = layers.len() - count;
        if count == 2 {
            for (name, part) in &parts {
                let how = |place| if place == 0 { *part } else { Train::All };
                add(format!("last:2:{name}"), &layers[first..], &how)?;
            }
        }
        add(format!("last:{count}"), &layers[first..], &|_| Train::All)?;
    }
    add("biases".to_owned(), &layers, &|_| Train::Biases)?;
    add("all".to_owned(), &layers, &|_| Train::All)?;
    Ok(cuts)
}

/// What of the layer before the last may be trained with the last: some of its outputs, or a low
/// rank beside it.
fn parts(node: &Node) -> Vec<(String, Train)> {
    let (end, rank) = (node.biases / FEWER, LOW_RANK);
    let parts = [
        (format!("0..{end}"), Train::Outputs([0, end])),
        (format!("rank{rank}"), Train::Rank(rank)),
    ];
    let can_be = |train: &Train| Node { train: *train, ..node.clone() }.check_train().is_ok();
    parts.into_iter().filter(|(_, train)| can_be(train)).collect()
}

fn cut(train: String, graph: &Graph, dataflow: Option<&Dataflow>) -> Cut {
    let (backbone, layers) = graph.nodes.split_at(graph.backbone);
    let theta = sizes::trained(graph);
    let in_backbone = backbone.last().map_or(0, |node| node.parameters.end);
    let beside: usize = graph.every().into_iter().map(Node::beside).sum();
    let after = 4 * (graph.parameters() - in_backbone + beside);
    let of_bytes = |dataflow: &&Dataflow| {
        graph.backbone > 0 && dataflow.values.first().is_some_and(|input| input.scale.is_some())
    };
    let quantised = dataflow.filter(of_bytes).map(|dataflow| kept(&graph.backbone(), dataflow));
    let (quantised, refused) = match quantised.transpose() {
        Ok(quantised) => (quantised, None),
        Err(error) => (None, Some(Error::from(error).to_string())),
    };
    let ram = |graph: &Graph, int8: Option<&Quantised>| {
        sizes::ram_bytes(theta, sizes::scratch(graph, int8))
    };
    let mut kept = graph.clone();
    if let Some(dataflow) = dataflow {
        keep_frozen(&mut kept, dataflow);
    }
    let all = kept.every();
    let frozen: Vec<(usize, usize)> = all
        .iter()
        .filter_map(|node| {
            Some((4 * node.parameters.len(), 4 * node.int8.as_ref()?.floats().len()))
        })
        .collect();
    let can_be = refused.is_none() && (quantised.is_some() || !frozen.is_empty());
    let int8 = can_be.then(|| Int8 {
        ram_bytes: ram(&kept, quantised.as_ref()),
        flash_bytes: frozen.iter().fold(
            quantised.as_ref().map_or(0, |quantised| quantised.bytes().len()) + after,
            |bytes, (in_floats, in_bytes)| bytes - in_floats + in_bytes,
        ),
    });
    let multiply_adds =
        MultiplyAdds { forward: graph::forward(&graph.nodes), backward: graph::backward(layers) };
    let feature_bytes = match backbone {
        [] => 0,
        _ => sizes::features(graph, quantised.is_some())[1],
    };
    let work = Work {
        int8: if quantised.is_some() { graph::forward(backbone) } else { 0 },
        frozen: if quantised.is_some() { 0 } else { graph::forward(backbone) },
        float: graph::forward(layers),
        backward: multiply_adds.backward,
        parameters: theta,
    };
    Cut {
        train,
        parameters: theta,
        ram_bytes: ram(graph, None),
        flash_bytes: 4 * in_backbone + after,
        int8,
        multiply_adds,
        feature_bytes,
        instructions: instructions::estimate(work),
        refused,
    }
}
