//! Compares what is imported with what the file's own graph computes, layer by layer.

use crate::dataflow::{Dataflow, Scale};
use crate::engine::Engine;
use crate::evaluate::Evaluator;
use crate::graph::Graph;
use crate::int8::{Quantised, reference};
use anyhow::{Context, Result, bail, ensure};

/// The largest difference that rounding in another order explains, as a part of the largest output
/// of the layer.
pub const TOLERANCE: f32 = 1e-4;

/// The same for layers in `f32` that stand for layers in int8: what the file rounds to bytes, they
/// do not.
const TOLERANCE_OF_ROUNDED: f32 = 0.1;

/// The same for layers in int8, in steps of the byte.
const TOLERANCE_OF_BYTES: f32 = 1.0;

/// How a layer's outputs differ from the file's.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The layer.
    pub layer: String,
    /// The largest difference: as a part of the layer's largest output, or in steps of the byte.
    pub largest: f32,
    /// Whether it is in steps.
    pub steps: bool,
    /// What it may be at most.
    pub tolerance: f32,
}

/// What is compared.
pub struct Comparison<'a> {
    pub graph: &'a Graph,
    pub parameters: &'a [f32],
    pub int8: Option<&'a Quantised>,
    pub dataflow: &'a Dataflow,
}

impl Comparison<'_> {
    /// Compares all layers on some inputs, which are in the file's order and, for a network that
    /// takes bytes, bytes.
    ///
    /// # Errors
    ///
    /// The first layer that differs by more than rounding explains.
    pub fn with(
        &self,
        engine: &Engine,
        inputs: impl IntoIterator<Item = Vec<f32>>,
    ) -> Result<Vec<Difference>> {
        let every = self.graph.every();
        let mut differences: Vec<Option<Difference>> = vec![None; every.len()];
        for input in inputs {
            let values = engine.evaluate(&input).context("the file's own graph")?;
            let found = self.outputs(&input)?;
            // Each of these may be as large as all that a network may compute.
            drop(input);
            for (index, found) in found.into_iter().enumerate() {
                let (Some(found), Some(step)) = (found, every[index].step) else { continue };
                let value = &self.dataflow.values[self.dataflow.steps[step].output];
                let Some(expected) = value.tensor.and_then(|tensor| values.get(&tensor)) else {
                    continue;
                };
                let places = value.layout.places();
                ensure!(
                    places.len() == expected.len() && found.numbers.len() == places.len(),
                    "{}: expected {} values, found {}",
                    every[index].label,
                    expected.len(),
                    found.numbers.len()
                );
                let expected: Vec<f32> = places.iter().map(|place| expected[*place]).collect();
                let label = every[index].label.clone();
                let difference = found.difference(label, expected, value.scale);
                let known = &mut differences[index];
                if known.as_ref().is_none_or(|known| known.largest < difference.largest) {
                    *known = Some(difference);
                }
            }
        }
        let differences: Vec<Difference> = differences.into_iter().flatten().collect();
        ensure!(!differences.is_empty(), "no layer could be compared with the file's own graph");
        if let Some(first) =
            differences.iter().find(|difference| difference.largest > difference.tolerance)
        {
            let unit = if first.steps { "steps of its byte" } else { "of its largest output" };
            bail!(
                "{}: its outputs differ from those of the file's own graph by {} {unit}, expected \
                 at most {}. That is a fault of the import, or of the engine that evaluates the \
                 file: please report it",
                first.layer,
                first.largest,
                first.tolerance
            );
        }
        Ok(differences)
    }

    /// The outputs of every layer, where it has some of its own.
    fn outputs(&self, input: &[f32]) -> Result<Vec<Option<Outputs>>> {
        let every = self.graph.every();
        let mut outputs: Vec<Option<Outputs>> = every.iter().map(|_| None).collect();
        let first = self.dataflow.values.first().context("expected an input")?;
        let real = |number: f32| match first.scale {
            Some(_) if self.dataflow.takes_numbers => number,
            Some(scale) => scale.number(number),
            None => number,
        };
        let input: Vec<f32> =
            self.graph.layout.places().iter().map(|place| real(input[*place])).collect();
        let evaluator = Evaluator::new(self.graph, self.parameters);
        let floats = |index: &mut usize,
                      numbers: &mut [f32],
                      outputs: &mut Vec<Option<Outputs>>| {
            // Where the file's bytes end, numbers in f32 go on: the layers after this one would
            // differ by what only the file has cut.
            let step = every[*index].step.and_then(|step| self.dataflow.steps.get(step));
            let value = step.and_then(|step| self.dataflow.values.get(step.output));
            if let Some([least, largest]) = value.and_then(|value| value.scale).map(Scale::ends) {
                numbers.iter_mut().for_each(|number| *number = number.clamp(least, largest));
            }
            outputs[*index] = Some(Outputs { numbers: numbers.to_vec(), bytes: false });
            *index += 1;
        };
        match self.int8 {
            None => {
                let mut index = 0;
                evaluator
                    .each_output(&input, |_, numbers| floats(&mut index, numbers, &mut outputs));
            }
            Some(quantised) => {
                let backbone = self.graph.backbone();
                let mut see = |index: usize, bytes: &[i8]| {
                    let numbers = bytes.iter().map(|byte| f32::from(*byte)).collect();
                    outputs[index] = Some(Outputs { numbers, bytes: true });
                };
                let features = reference::each_output(&backbone, quantised, &input, &mut see);
                // A layer that has become the clamp of the one before it has its outputs.
                let mut index = backbone.every().len();
                for place in 1..index {
                    let fused =
                        every[place].step.is_some_and(|step| self.dataflow.steps[step].fused);
                    if fused && outputs[place].is_none() {
                        outputs[place] = outputs[place - 1].take();
                    }
                }
                evaluator.each_output_after_backbone(&features, |_, numbers| {
                    floats(&mut index, numbers, &mut outputs);
                });
            }
        }
        Ok(outputs)
    }
}

/// The outputs of a layer.
struct Outputs {
    numbers: Vec<f32>,
    /// Whether they are bytes.
    bytes: bool,
}

impl Outputs {
    fn difference(
        &self,
        layer: String,
        mut expected: Vec<f32>,
        scale: Option<Scale>,
    ) -> Difference {
        let real = |number: f32| match scale {
            Some(scale) if !self.bytes => scale.number(number),
            _ => number,
        };
        expected.iter_mut().for_each(|number| *number = real(*number));
        let largest = if self.bytes {
            1.0
        } else {
            expected.iter().fold(f32::MIN_POSITIVE, |most, number| most.max(number.abs()))
        };
        let pairs = self.numbers.iter().zip(&expected);
        // A NaN is larger than everything, unless both are.
        let largest = pairs.fold(0.0f32, |most, (found, expected)| {
            let difference = (found - expected).abs() / largest;
            if difference.is_nan() { f32::INFINITY } else { most.max(difference) }
        });
        let tolerance = match (self.bytes, scale) {
            (true, _) => TOLERANCE_OF_BYTES,
            (false, Some(_)) => TOLERANCE_OF_ROUNDED,
            (false, None) => TOLERANCE,
        };
        Difference { layer, largest, steps: self.bytes, tolerance }
    }
}
