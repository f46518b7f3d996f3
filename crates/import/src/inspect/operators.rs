//! The operators of a file that cannot be imported.

use super::{Inspection, Layer};
use crate::error::Error;
use crate::load::Opened;
use crate::onnx::operator::Operator;
use crate::tflite;
use anyhow::Result;

/// Tells a file that cannot be imported, and why.
pub fn operators(opened: &Opened, name: String, why: anyhow::Error) -> Result<Inspection> {
    let sentences: Vec<String> = why.chain().map(ToString::to_string).collect();
    let named = |label: &str| sentences.iter().any(|sentence| sentence.starts_with(label));
    let layers = match opened {
        Opened::Safetensors(_) => return Err(why),
        Opened::Onnx(_, network) => network
            .nodes
            .iter()
            .map(|node| {
                let constants = node.inputs.iter().filter_map(|input| network.constant(*input));
                let output = node.outputs.first().copied().flatten();
                Layer {
                    refused: node.operator == Operator::Unknown || named(&node.label),
                    shape: output.and_then(|output| network.values[output].shape.clone()),
                    parameters: constants
                        .map(|tensor| tensor.shape.iter().product::<usize>())
                        .sum(),
                    ..operator(node.label.clone())
                }
            })
            .collect(),
        Opened::Tflite(model) => model
            .operators
            .iter()
            .map(|own| {
                let inputs = own.inputs.iter().flatten().map(|input| &model.tensors[*input]);
                let constants = inputs.filter(|tensor| tensor.data.is_some());
                let output = own.outputs.first().map(|output| model.tensors[*output].shape.clone());
                Layer {
                    refused: own.operation == tflite::Operation::Unknown
                        || named(&own.label(model)),
                    shape: output,
                    parameters: constants.map(tflite::Tensor::len).sum(),
                    ..operator(own.label(model))
                }
            })
            .collect(),
    };
    let refused = Some(Error::from(why).to_string());
    let (cuts, notes, unused) = (Vec::new(), Vec::new(), Vec::new());
    Ok(Inspection { name, layers, cuts, notes, unused, refused })
}

fn operator(label: String) -> Layer {
    Layer {
        operator: label,
        names: Vec::new(),
        becomes: None,
        refused: false,
        shape: None,
        parameters: 0,
        multiply_adds: None,
    }
}
