//! The int8 form of layers that stay frozen behind the first that is trained.

use super::kept::affine;
use super::{Clamp, Placed, Quantised};
use crate::dataflow::{Dataflow, Step};
use crate::graph::{Graph, Node, Operation};
use crate::spec::Train;
use std::sync::Arc;

/// Keeps the integers of the file for the layers with weights behind the backbone that are not
/// trained, with or without a low rank beside them. A layer that has none stays in `f32`, and so
/// does one of which some parameters are trained.
pub fn keep_frozen(graph: &mut Graph, dataflow: &Dataflow) {
    of_each(&mut graph.nodes[graph.backbone..], dataflow);
}

/// Layers inside others are at most as deep as a graph allows.
fn of_each(nodes: &mut [Node], dataflow: &Dataflow) {
    let mut rest = nodes;
    while let Some((node, after)) = rest.split_first_mut() {
        node.int8 = int8(node, after.first(), dataflow).map(Arc::new);
        if let Operation::Residual { layers: first, shortcut: second }
        | Operation::Concat { first, second } = &mut node.operation
        {
            of_each(first, dataflow);
            of_each(second, dataflow);
        }
        rest = after;
    }
}

fn int8(node: &Node, after: Option<&Node>, dataflow: &Dataflow) -> Option<Quantised> {
    let is_frozen = matches!(node.train, Train::Frozen | Train::Rank(_));
    let is_affine = matches!(
        node.operation,
        Operation::Convolution(..) | Operation::Grouped(..) | Operation::Depthwise(_)
    );
    if !is_frozen || !is_affine {
        return None;
    }
    let step = |node: &Node| -> Option<&Step> { dataflow.steps.get(node.step?) };
    let own = step(node)?;
    let scale = |value: usize| dataflow.values.get(value)?.scale;
    let (input, output) = (scale(*own.inputs.first()?)?, scale(own.output)?);
    // The rectifier that is part of the operator is a clamp here; in f32 it has nothing left to do.
    let fused = after.filter(|after| step(after).is_some_and(|step| step.fused));
    let layer = affine(node, own, fused.and_then(Clamp::of), input, output).ok()?;
    Some(Quantised { input, output, layers: vec![Placed { index: 0, layer }] })
}
