//! What a network takes of a board, and what int8 costs it.

use super::evaluate::Evaluator;
use super::graph::{Graph, length};
use super::inputs::Inputs;
use super::int8::Quantised;
use super::int8::reference;
use super::sizes;
use anyhow::{Result, ensure};

/// How a network does on labelled inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The number of inputs.
    pub count: usize,
    /// How many of them the `f32` network puts into their class.
    pub right_f32: usize,
    /// How many of them the network with the int8 backbone puts into their class.
    pub right_int8: Option<usize>,
    /// The largest difference between the logits of the two.
    pub largest_difference: Option<f32>,
}

/// Evaluates both forms on the inputs.
pub fn measure(
    graph: &Graph,
    parameters: &[f32],
    int8: Option<&Quantised>,
    inputs: &Inputs,
) -> Result<Measured> {
    let classes = graph.nodes.last().map_or(0, |node| length(node.output));
    let labels = inputs.labels.as_deref().unwrap_or_default();
    ensure!(
        labels.len() == inputs.len(),
        "--test: expected a tensor labels, one for each of the inputs"
    );
    if let Some(class) = labels.iter().find(|class| **class >= classes) {
        anyhow::bail!(
            "--test: expected labels below {classes}, the network's outputs, found {class}"
        );
    }
    let in_floats = graph.in_floats();
    let (float, whole) =
        (Evaluator::new(&in_floats, parameters), Evaluator::new(graph, parameters));
    let backbone = graph.backbone();
    let mut measured = Measured {
        count: labels.len(),
        right_f32: 0,
        right_int8: int8.map(|_| 0),
        largest_difference: int8.map(|_| 0.0),
    };
    for (input, label) in inputs.iter().zip(labels) {
        let exact = float.logits(&input);
        ensure!(
            exact.iter().all(|logit| logit.is_finite()),
            "--test: the outputs of the network are not finite: are the inputs normalised as in \
             training?"
        );
        measured.right_f32 += usize::from(largest(&exact) == Some(*label));
        if let Some(quantised) = int8 {
            let features = reference::features(&backbone, quantised, &input);
            let rounded = whole.after_backbone(&features);
            let right = usize::from(largest(&rounded) == Some(*label));
            measured.right_int8 = measured.right_int8.map(|count| count + right);
            let differences = exact.iter().zip(&rounded).map(|(one, other)| (one - other).abs());
            measured.largest_difference =
                measured.largest_difference.map(|most| differences.fold(most, f32::max));
        }
    }
    Ok(measured)
}

fn largest(logits: &[f32]) -> Option<usize> {
    let mut best: Option<(usize, f32)> = None;
    for (class, value) in logits.iter().enumerate() {
        if best.is_none_or(|(_, most)| *value > most) {
            best = Some((class, *value));
        }
    }
    best.map(|(class, _)| class)
}

/// A figure of a network, in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The name of the figure, with its unit.
    pub quantity: String,
    /// The figure with everything in `f32`.
    pub float: String,
    /// The figure with the backbone in int8, where it was quantised.
    pub int8: Option<String>,
}

/// What a network takes of a board, and what int8 costs it.
pub fn rows(
    graph: &Graph,
    parameters: &[f32],
    int8: Option<&Quantised>,
    measured: Option<&Measured>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    let both = int8.is_some();
    let mut row = |quantity: &str, float: String, int8: String| {
        rows.push(Row { quantity: quantity.to_owned(), float, int8: both.then_some(int8) });
    };
    let split = sizes::split(graph, parameters);
    let end = graph.backbone().parameters();
    let bytes = int8.map_or(0, |quantised| quantised.bytes().len());
    row("backbone, flash bytes", (4 * end).to_string(), bytes.to_string());
    let rest = (4 * (split.theta.len() + split.frozen.len())).to_string();
    row("other parameters, flash bytes", rest.clone(), rest);
    let theta = split.theta.len().to_string();
    row("trained parameters", theta.clone(), theta);
    let scratch = [None, int8].map(|int8| sizes::scratch(graph, int8));
    let [float, bytes] = scratch.map(|scratch| (4 * scratch).to_string());
    row("scratch, RAM bytes", float, bytes);
    let [float, bytes] =
        scratch.map(|scratch| sizes::ram_bytes(split.theta.len(), scratch).to_string());
    row("training with the ball, RAM bytes", float, bytes);
    if let Some(measured) = measured {
        let per_cent =
            |right: usize| format!("{:.1} %", 100.0 * right as f64 / measured.count as f64);
        row(
            &format!("accuracy on {} inputs", measured.count),
            per_cent(measured.right_f32),
            measured.right_int8.map(per_cent).unwrap_or_default(),
        );
        let difference = measured.largest_difference.map(|most| format!("{most:.3}"));
        if let Some(difference) = difference {
            row("largest difference of a logit", String::new(), difference);
        }
    }
    rows
}
