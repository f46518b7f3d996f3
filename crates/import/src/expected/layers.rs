//! The outputs of layers, by the names that the layers' tensors have in the framework: what tells
//! the first layer that a description has wrong.

use super::TOLERANCE;
use crate::compare::Difference;
use crate::evaluate::Evaluator;
use crate::graph::{Graph, Node, Operation, length};
use crate::layout::{Layout, Order};
use crate::tensors::{find, finite};
use anyhow::{Context, Result, bail, ensure};
use safetensors::tensor::SafeTensors;

/// What stands before a layer's name.
const PREFIX: &str = "layers.";

/// What the framework's module of a layer gives, input after input.
struct Outputs<'a> {
    /// Which layer it is, in the order of [`Graph::every`].
    index: usize,
    values: &'a [[u8; 4]],
    /// Where each value of the layer lies among those of the module.
    places: Vec<usize>,
}

/// Compares the layers whose outputs the file has, in the order in which they are evaluated.
///
/// # Errors
///
/// The first layer that differs by more than rounding explains, or whose output has another shape.
pub fn compare(
    file: &SafeTensors,
    evaluator: Evaluator,
    graph: &Graph,
    inputs: &[Vec<f32>],
) -> Result<Vec<Difference>> {
    let every = graph.every();
    let mut known = Vec::new();
    // A shape that differs is told where no layer before it does.
    let mut wrong = None;
    for (index, node) in every.iter().enumerate() {
        let Some(name) = name(&every, node).filter(|name| file.names().contains(&name.as_str()))
        else {
            continue;
        };
        match outputs(file, &name, node, inputs.len()) {
            Ok((values, places)) => known.push(Outputs { index, values, places }),
            Err(error) => {
                wrong = Some(error.context(node.label.clone()));
                break;
            }
        }
    }
    let mut differences: Vec<f32> = vec![0.0; known.len()];
    let most = |outputs: &Outputs| {
        let magnitudes = outputs.values.iter().map(|bytes| f32::from_le_bytes(*bytes).abs());
        magnitudes.fold(f32::MIN_POSITIVE, f32::max)
    };
    let most: Vec<f32> = known.iter().map(most).collect();
    for (row, input) in inputs.iter().enumerate() {
        let (mut index, mut next) = (0, 0);
        evaluator.each_output(input, |_, found| {
            if let Some(outputs) = known.get(next).filter(|outputs| outputs.index == index) {
                for (found, place) in found.iter().zip(&outputs.places) {
                    let expected = outputs.values[row * outputs.places.len() + place];
                    let difference = (found - f32::from_le_bytes(expected)).abs() / most[next];
                    // A NaN is larger than everything.
                    let difference = if difference.is_nan() { f32::INFINITY } else { difference };
                    differences[next] = differences[next].max(difference);
                }
                next += 1;
            }
            index += 1;
        });
    }
    let all = known.iter().zip(differences).map(|(outputs, largest)| Difference {
        layer: every[outputs.index].label.clone(),
        largest,
        steps: false,
        tolerance: TOLERANCE,
    });
    let all: Vec<Difference> = all.collect();
    let first = all.iter().find(|difference| difference.largest > TOLERANCE);
    if let Some(Difference { layer, largest, .. }) = first {
        bail!(
            "{layer}: its outputs differ from those of the framework by {largest} of the largest, \
             expected at most {TOLERANCE}. It is the first layer that does, of those whose outputs \
             are known: is it described as it is, with its padding, stride, dilation and epsilon, \
             and what lies between it and the one before it, such as an activation or a sum?"
        );
    }
    wrong.map_or(Ok(all), Err)
}

/// What the file calls the outputs of a layer: the name of the module that gives them, which is the
/// batch normalisation where that is folded in. A module that is used twice gives two outputs.
fn name(every: &[&Node], node: &Node) -> Option<String> {
    let name = |node: &Node| {
        let source = node.source.as_ref()?;
        Some(source.batch_norm.as_ref().map_or(&source.tensors, |(norm, _)| norm).clone())
    };
    let own = name(node)?;
    let uses = every.iter().filter(|other| name(other).as_ref() == Some(&own)).count();
    (uses == 1).then(|| format!("{PREFIX}{own}"))
}

fn outputs<'a>(
    file: &SafeTensors<'a>,
    name: &str,
    node: &Node,
    count: usize,
) -> Result<(&'a [[u8; 4]], Vec<usize>)> {
    let tensor = find(file, name)?;
    let shape = tensor.shape();
    // PyTorch normalises the last dimension, which then has the channels.
    let order = match node.operation {
        Operation::LayerNorm(norm) if norm.dimensions == 0 => Order::ChannelsLast,
        _ => Order::ChannelsFirst,
    };
    let layout = match shape.get(1..).unwrap_or_default() {
        // A map may have been flattened already.
        [all] if *all == length(node.output) => {
            let [rows, columns, channels] = node.output;
            Layout::new(order, &[channels, rows, columns])
        }
        dimensions => Layout::new(order, dimensions),
    };
    let layout = layout.with_context(|| format!("tensor {name}"))?;
    let [rows, columns, channels] = node.output;
    ensure!(
        shape.first() == Some(&count) && layout.map() == node.output,
        "tensor {name}: expected the layer's output for {count} inputs, {rows} x {columns} \
         positions of {channels} channels, found shape {shape:?}. Are its stride, padding and \
         dilation as described?"
    );
    Ok((finite(name, &tensor)?, layout.places()))
}
