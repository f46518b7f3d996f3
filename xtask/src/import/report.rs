//! What a network takes of a board and what int8 costs it, as a table.

use super::evaluate::Evaluator;
use super::graph::{Graph, length};
use super::inputs::Inputs;
use super::quantise::Quantised;
use super::{reference, sizes};
use anyhow::{Result, ensure};
use comfy_table::{Table, presets::ASCII_MARKDOWN};

/// How a network does on labelled inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Inputs.
    pub count: usize,
    /// Of them, those that the `f32` network puts into their class.
    pub right_f32: usize,
    /// As well in int8.
    pub right_int8: Option<usize>,
    /// The largest difference of a logit between the two.
    pub largest_difference: Option<f32>,
}

/// Evaluates both forms.
pub fn measure(
    graph: &Graph,
    parameters: &[f32],
    int8: Option<&Quantised>,
    inputs: &Inputs,
) -> Result<Measured> {
    let classes = graph.nodes.last().map_or(0, |node| length(node.output));
    let labels = inputs.labels.as_deref().unwrap_or_default();
    ensure!(
        labels.len() * inputs.width == inputs.values.len(),
        "--test: expected a tensor labels, one for each of the inputs"
    );
    if let Some(class) = labels.iter().find(|class| **class >= classes) {
        anyhow::bail!(
            "--test: expected labels below {classes}, the network's outputs, found {class}"
        );
    }
    let whole = Evaluator::new(graph, parameters);
    let backbone = graph.backbone();
    let mut measured = Measured {
        count: labels.len(),
        right_f32: 0,
        right_int8: int8.map(|_| 0),
        largest_difference: int8.map(|_| 0.0),
    };
    for (input, label) in inputs.iter().zip(labels) {
        let exact = whole.logits(input);
        measured.right_f32 += usize::from(largest(&exact) == Some(*label));
        if let Some(quantised) = int8 {
            let features = reference::features(&backbone, quantised, input);
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

/// For people.
pub fn table(
    graph: &Graph,
    parameters: &[f32],
    int8: Option<&Quantised>,
    measured: Option<&Measured>,
) -> Table {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    let both = int8.is_some();
    table.set_header(if both { vec!["", "f32", "int8 backbone"] } else { vec!["", "f32"] });
    let mut row = |name: String, float: String, int8: String| {
        let mut cells = vec![name, float];
        cells.extend(both.then_some(int8));
        table.add_row(cells);
    };
    let split = sizes::split(graph, parameters);
    let end = graph.backbone().parameters();
    let bytes = int8.map_or(0, |quantised| quantised.bytes().len());
    row("backbone, flash bytes".into(), (4 * end).to_string(), bytes.to_string());
    let rest = (4 * (split.theta.len() + split.frozen.len())).to_string();
    row("other parameters, flash bytes".into(), rest.clone(), rest);
    let theta = split.theta.len().to_string();
    row("trained parameters".into(), theta.clone(), theta);
    let scratch = [false, true].map(|int8| sizes::scratch(graph, int8));
    let [float, bytes] = scratch.map(|scratch| (4 * scratch).to_string());
    row("scratch, RAM bytes".into(), float, bytes);
    let [float, bytes] =
        scratch.map(|scratch| sizes::ram_bytes(split.theta.len(), scratch).to_string());
    row("training with the ball, RAM bytes".into(), float, bytes);
    if let Some(measured) = measured {
        let per_cent =
            |right: usize| format!("{:.1} %", 100.0 * right as f64 / measured.count as f64);
        row(
            format!("accuracy on {} inputs", measured.count),
            per_cent(measured.right_f32),
            measured.right_int8.map(per_cent).unwrap_or_default(),
        );
        let difference = measured.largest_difference.map(|most| format!("{most:.3}"));
        if let Some(difference) = difference {
            row("largest difference of a logit".into(), String::new(), difference);
        }
    }
    table
}
