//! Steps that others can take in: padding, normalisations, and a softmax at the end.

use super::{Dataflow, Operation, Step};
use crate::graph::{self, Activation};
use anyhow::{Result, bail};

impl Dataflow {
    /// Folds all steps into others that can be, and says so in the notes.
    ///
    /// # Errors
    ///
    /// A padding that nothing can take in.
    pub fn fold(mut self) -> Result<Self> {
        self.leave_softmax_to_the_loss();
        self.fold_padding()?;
        self.fold_scales();
        Ok(self)
    }

    /// The losses of this project take logits.
    fn leave_softmax_to_the_loss(&mut self) {
        if let Some(last) = self.maker(self.output)
            && let Step { operation: Operation::Softmax, label, .. } = &self.steps[last]
        {
            self.notes.push(format!(
                "{label} is left away: what is imported gives the logits, and \
                 `SoftmaxCrossEntropy` is the loss that takes them"
            ));
            let step = self.steps.remove(last);
            self.output = step.inputs[0];
            self.ends_in_softmax = true;
        }
    }

    /// Zeros around a map are the padding of the windows that slide over it.
    fn fold_padding(&mut self) -> Result<()> {
        while let Some(index) =
            self.steps.iter().position(|step| matches!(step.operation, Operation::Pad(_)))
        {
            let pad = self.steps.remove(index);
            let Operation::Pad(sides) = pad.operation else { continue };
            let (from, to) = (pad.inputs[0], pad.output);
            // Where no value is below 0, the largest in a window is the same with zeros around it.
            let above_zero = self.maker(from).is_some_and(|maker| self.steps[maker].is_rectified());
            let uses: Vec<usize> = self.uses(to).collect();
            if uses.is_empty() || to == self.output {
                bail!("{}: expected a convolution or a pool after it", pad.label);
            }
            for step in uses {
                let step = &mut self.steps[step];
                let window = match &mut step.operation {
                    Operation::Layer(
                        graph::Operation::Convolution(window, _)
                        | graph::Operation::Grouped(window, _)
                        | graph::Operation::Depthwise(window)
                        | graph::Operation::AveragePool(window, graph::Divisor::Window),
                    ) => window,
                    Operation::Layer(graph::Operation::MaxPool(window)) if above_zero => window,
                    _ => bail!(
                        "{}: its zeros can be the padding of a convolution or of an average pool, \
                         but {} comes after it",
                        pad.label,
                        step.label
                    ),
                };
                for (sides, more) in window.padding.iter_mut().zip(sides) {
                    for (side, more) in sides.iter_mut().zip(more) {
                        *side += more;
                    }
                }
                for input in &mut step.inputs {
                    if *input == to {
                        *input = from;
                    }
                }
            }
        }
        Ok(())
    }

    /// A scale and a shift of each output of a convolution are part of its weights and biases.
    fn fold_scales(&mut self) {
        let mut index = 0;
        while let Some(step) = self.steps.get(index) {
            let scale = step.operation == Operation::Layer(graph::Operation::ScaleShift);
            let maker = step.inputs.first().and_then(|input| self.maker(*input));
            let before = maker.filter(|maker| {
                let before = &self.steps[*maker];
                scale && before.takes_scales() && self.only_use(before.output)
            });
            let Some(before) = before else {
                index += 1;
                continue;
            };
            let step = self.steps.remove(index);
            let before = &mut self.steps[before];
            before.scale(&step.weights, &step.biases);
            before.output = step.output;
            before.names.extend(step.names);
            self.notes.push(format!("{} is folded into {}", step.label, before.label));
        }
    }
}

impl Step {
    /// Whether none of its outputs is below 0.
    fn is_rectified(&self) -> bool {
        use Activation::{HardSigmoid, Relu, Relu6, Sigmoid};
        let Operation::Layer(graph::Operation::Activation(function)) = self.operation else {
            return false;
        };
        matches!(function, Relu | Relu6 | Sigmoid | HardSigmoid { .. })
    }

    fn takes_scales(&self) -> bool {
        let Operation::Layer(operation) = &self.operation else { return false };
        let sums = matches!(
            operation,
            graph::Operation::Convolution(..)
                | graph::Operation::Grouped(..)
                | graph::Operation::Depthwise(_)
                | graph::Operation::ScaleShift
        );
        sums && self.integers.is_none()
    }

    /// Scales and shifts its outputs.
    fn scale(&mut self, scales: &[f32], shifts: &[f32]) {
        let by_channel = matches!(
            self.operation,
            Operation::Layer(graph::Operation::Depthwise(_) | graph::Operation::ScaleShift)
        );
        let outputs = self.biases.len().max(1);
        let each = (self.weights.len() / outputs).max(1);
        for (index, weight) in self.weights.iter_mut().enumerate() {
            let output = if by_channel { index % outputs } else { index / each };
            *weight = (f64::from(*weight) * f64::from(scales[output])) as f32;
        }
        for (bias, (scale, shift)) in self.biases.iter_mut().zip(scales.iter().zip(shifts)) {
            *bias = (f64::from(*bias) * f64::from(*scale) + f64::from(*shift)) as f32;
        }
    }
}
