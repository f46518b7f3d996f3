//! Compares what is imported with what the framework that made the model computes.

mod layers;

use crate::compare::Difference;
use crate::dataflow::{Dataflow, Scale};
use crate::evaluate::Evaluator;
use crate::graph::{Graph, length};
use crate::int8::{Quantised, reference};
use crate::tensors::{find, finite};
use anyhow::{Context, Result, bail, ensure};
use safetensors::tensor::{Dtype, SafeTensors};

/// The largest difference that rounding in another order explains, as a part of the largest output.
const TOLERANCE: f32 = 1e-4;

/// The same for int8 weights under real numbers. LiteRT rounds the numbers to int8 as it computes,
/// each sample in its own range; firmware does not.
const TOLERANCE_OF_HYBRID: f32 = 1e-2;

/// How the network's outputs differ from the framework's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FromFramework {
    /// The number of inputs.
    pub inputs: usize,
    /// The largest difference: as a part of the largest output, or in steps of the output's byte.
    pub largest: f32,
    /// Whether it is in steps.
    pub steps: bool,
    /// How the features differ, where the file has some.
    pub features: Option<FeaturesFromFramework>,
}

/// How what comes out of the backbone differs from another engine's features.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeaturesFromFramework {
    /// The number of features, of all inputs together.
    pub count: usize,
    /// The number of those that differ in a bit.
    pub different: usize,
    /// The largest difference: as a part of the largest, or in steps of the backbone's byte.
    pub largest: f32,
    /// Whether it is in steps.
    pub steps: bool,
}

/// Compares the outputs for all inputs of a file, and of a network that is described those of its
/// layers as well, as far as the file has them.
///
/// # Errors
///
/// A file that does not fit, and outputs that differ by more than rounding explains.
pub fn compare(
    file: &SafeTensors,
    (graph, parameters, int8): (&Graph, &[f32], Option<&Quantised>),
    dataflow: Option<&Dataflow>,
) -> Result<(FromFramework, Vec<Difference>)> {
    let input_scale = dataflow.and_then(|dataflow| dataflow.values[0].scale);
    let output = dataflow.map(|dataflow| &dataflow.values[dataflow.file_output]);
    let output_scale = output.and_then(|value| value.scale);
    let softmax = dataflow.is_some_and(|dataflow| dataflow.ends_in_softmax);
    let wide = length(graph.input);
    let outputs = length(graph.output());
    let inputs = rows(file, "inputs", wide, input_scale)?;
    let expected = rows(file, "outputs", outputs, output_scale)?;
    ensure!(
        inputs.len() == expected.len(),
        "expected as many outputs as inputs, found {} and {}",
        expected.len(),
        inputs.len()
    );
    let places = graph.layout.places();
    let inputs: Vec<Vec<f32>> = inputs
        .into_iter()
        .map(|input| places.iter().map(|place| input[*place]).collect())
        .collect();
    let output_places = dataflow.map(|dataflow| dataflow.output_layout.places());
    let (whole, backbone) = (Evaluator::new(graph, parameters), graph.backbone());
    // The file of a graph has its own to compare with.
    let differences = match dataflow {
        Some(_) => Vec::new(),
        None => layers::compare(file, whole, graph, &inputs)?,
    };
    let most = expected.iter().flatten().fold(f32::MIN_POSITIVE, |most, x| most.max(x.abs()));
    let mut largest = 0.0f32;
    for (input, expected) in inputs.iter().zip(&expected) {
        let mut found = match int8 {
            Some(quantised) => {
                whole.after_backbone(&reference::features(&backbone, quantised, input))
            }
            None => whole.logits(input),
        };
        if softmax {
            found = probabilities(&found);
        }
        for (place, found) in found.iter().enumerate() {
            let place = output_places.as_ref().map_or(place, |places| places[place]);
            let difference = (rounded(*found, output_scale) - expected[place]).abs();
            largest = if difference.is_nan() { f32::INFINITY } else { largest.max(difference) };
        }
    }
    let largest = match output_scale {
        Some(Scale { step, .. }) => largest / step as f32,
        None => largest / most,
    };
    let whole = graph.backbone == graph.nodes.len();
    let tolerance = match (output_scale, int8) {
        (None, None) if dataflow.is_some_and(|dataflow| dataflow.is_hybrid) => {
            Some(TOLERANCE_OF_HYBRID)
        }
        (None, None) => Some(TOLERANCE),
        // All of it is in int8: what is left is the rounding of the last softmax.
        (Some(_), Some(_)) if whole => Some(1.0),
        // Some of the layers round what the others do not.
        _ => None,
    };
    let unit = if output_scale.is_some() { "steps of the output" } else { "of the largest" };
    if let Some(tolerance) = tolerance {
        let first = match (dataflow, differences.last()) {
            (Some(_), _) => String::new(),
            (None, Some(Difference { layer, .. })) => format!(
                " Up to {layer} the outputs of all layers that the file has are those of the \
                 network: what comes after it differs"
            ),
            (None, None) => {
                " Which layer is the first that differs cannot be told by the outputs alone: the \
                 file may have those of the layers as well (docs/import.md)"
                    .to_owned()
            }
        };
        ensure!(
            largest <= tolerance,
            "the outputs of the imported network differ from those of the framework by {largest} \
             {unit}, expected at most {tolerance}: is every layer described as it is, with its \
             padding, stride, epsilon and activation, and were the outputs made with \
             model.eval()?{first}"
        );
    }
    // What an import has quantised itself is not the framework's.
    let kept = int8.filter(|_| input_scale.is_some());
    let features = features(file, (graph, parameters, kept), &inputs)?;
    let steps = output_scale.is_some();
    Ok((FromFramework { inputs: inputs.len(), largest, steps, features }, differences))
}

/// Compares what comes out of the backbone, where the file has that: another engine's features.
fn features(
    file: &SafeTensors,
    (graph, parameters, int8): (&Graph, &[f32], Option<&Quantised>),
    inputs: &[Vec<f32>],
) -> Result<Option<FeaturesFromFramework>> {
    if !file.names().contains(&"features") {
        return Ok(None);
    }
    ensure!(graph.backbone > 0, "tensor features: nothing lies before what is trained");
    let backbone = graph.backbone();
    let scale = int8.map(|quantised| quantised.output);
    let expected = rows(file, "features", length(backbone.output()), scale)?;
    let evaluator = Evaluator::new(&backbone, parameters);
    let most = expected.iter().flatten().fold(f32::MIN_POSITIVE, |most, x| most.max(x.abs()));
    // Some engines round the factor between two layers to a float.
    let (unit, tolerance) = scale.map_or((most, TOLERANCE), |scale| (scale.step as f32, 1.0));
    let mut found =
        FeaturesFromFramework { count: 0, different: 0, largest: 0.0, steps: scale.is_some() };
    ensure!(
        inputs.len() == expected.len(),
        "tensor features: expected {}, one for each input, found {}",
        inputs.len(),
        expected.len()
    );
    for (seen, (input, expected)) in inputs.iter().zip(&expected).enumerate() {
        let features = match int8 {
            Some(quantised) => reference::features(&backbone, quantised, input),
            None => evaluator.logits(input),
        };
        for (place, (feature, expected)) in features.iter().zip(expected).enumerate() {
            let difference = (feature - expected).abs() / unit;
            // A difference of two steps is far above this, and of one far below.
            ensure!(
                difference <= 1.01 * tolerance,
                "feature {place} of input {seen} is {feature}, expected {expected}: are the \
                 features what comes before the layers that are trained, and with the scale and \
                 the zero point that the model's file has there?"
            );
            found.count += 1;
            found.different += usize::from(feature.to_bits() != expected.to_bits());
            found.largest = found.largest.max(difference);
        }
    }
    Ok(Some(found))
}

/// A tensor of rows, as numbers.
fn rows(
    file: &SafeTensors,
    name: &str,
    width: usize,
    scale: Option<Scale>,
) -> Result<Vec<Vec<f32>>> {
    let tensor = find(file, name)?;
    let count = tensor.shape().first().copied().unwrap_or(0);
    let one: Option<usize> =
        tensor.shape().iter().skip(1).try_fold(1usize, |product, n| product.checked_mul(*n));
    ensure!(
        count > 0 && one == Some(width),
        "tensor {name}: expected a count and then {width} values, found shape {:?}",
        tensor.shape()
    );
    let numbers: Vec<f32> = match (tensor.dtype(), scale) {
        (Dtype::F32, _) => {
            finite(name, &tensor)?.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
        }
        (Dtype::I8, Some(scale)) => {
            tensor.data().iter().map(|byte| scale.number(byte.cast_signed())).collect()
        }
        (Dtype::U8, Some(scale)) => {
            tensor.data().iter().map(|byte| scale.number(f64::from(*byte) - 128.0)).collect()
        }
        (other, Some(_)) => bail!("tensor {name}: expected F32, I8 or U8, found {other}"),
        (other, None) => bail!("tensor {name}: expected F32, found {other}"),
    };
    let rows: Vec<Vec<f32>> = numbers.chunks_exact(width).map(<[f32]>::to_vec).collect();
    (!rows.is_empty()).then_some(rows).with_context(|| format!("tensor {name}: expected values"))
}

/// A number as a byte can say it.
fn rounded(number: f32, scale: Option<Scale>) -> f32 {
    let Some(scale) = scale else { return number };
    let steps = (f64::from(number) / scale.step).round() + f64::from(scale.zero);
    scale.number(steps.clamp(-128.0, 127.0))
}

fn probabilities(logits: &[f32]) -> Vec<f32> {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials: Vec<f64> = logits.iter().map(|logit| f64::from(logit - most).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.iter().map(|exponential| (exponential / sum) as f32).collect()
}
