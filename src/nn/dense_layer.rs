//! The fully connected layer, as a type with a constant shape.

use super::dense::{add_gradients, combine_weights};
use super::layer::{Layer, samples};
use super::parameters::{
    All, Filter, Gradient, Parameters, Rows, Trainable, filters, initialise, trained_by_output,
    trained_outputs,
};
use super::window::Shape;
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// `y = W x + b` of all values `x` of the shape `M`, with `OUTPUTS` outputs. Parameters: `W` row by
/// row (a row of weights for each output), then `b`; `R` says which of them are trained.
///
/// Cost of a sample: as many multiply-adds forward as `W` has weights, and twice that backward
/// (once, where nothing below is trained).
#[derive(Clone, Copy, Debug, Default)]
pub struct Dense<M, const OUTPUTS: usize, R = All>(PhantomData<(M, R)>);

impl<M, const OUTPUTS: usize, R> Shape for Dense<M, OUTPUTS, R> {
    const MAP: [usize; 3] = [1, 1, OUTPUTS];
}

impl<M: Shape, const OUTPUTS: usize, R: Trainable> Layer for Dense<M, OUTPUTS, R> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = OUTPUTS;
    const PARAMETERS: usize = {
        assert!(M::LENGTH > 0 && OUTPUTS > 0, "Dense: expected at least one input and one output");
        trained_by_output::<R>([OUTPUTS, M::LENGTH])
    };
    const FROZEN: usize = M::LENGTH * OUTPUTS + OUTPUTS - Self::PARAMETERS;
    const FORGETS_INPUT: bool = !R::WEIGHTS;

    // Training and inference share it: inlined into both, it would be in the flash twice.
    #[inline(never)]
    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let [rows, others @ ..] = parameters.by_output::<R>([OUTPUTS, M::LENGTH])?;
        samples::<Self>(input, output)?;
        if R::OUTPUTS.is_none() {
            K::transform(M::LENGTH, rows.weights, rows.biases, input, output);
            return Ok(());
        }
        let inputs = input.whole_chunks(M::LENGTH);
        for (input, output) in inputs.zip(output.whole_chunks_mut(OUTPUTS)) {
            for Rows { first, weights, biases } in [rows].into_iter().chain(others) {
                let output = output.get_mut(first..).unwrap_or_default();
                let output = output.get_mut(..biases.len()).unwrap_or_default();
                K::transform(M::LENGTH, weights, biases, input, output);
            }
        }
        Ok(())
    }

    fn backward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        samples::<Self>(input, output_gradient)?;
        let (weights, biases) = gradient.by_output::<R>([OUTPUTS, M::LENGTH])?;
        let Some([first, count]) = R::OUTPUTS else {
            add_gradients::<K>([M::LENGTH, OUTPUTS], input, output_gradient, weights, biases);
            return Ok(());
        };
        let (Gradient { values: weights, mut add }, biases) = (weights, biases.values);
        let samples = input.whole_chunks(M::LENGTH).zip(output_gradient.whole_chunks(OUTPUTS));
        for (input, slopes) in samples {
            let slopes = slopes.get(first..).unwrap_or_default();
            let slopes = slopes.get(..count).unwrap_or_default();
            let weights = Gradient { values: &mut *weights, add };
            let biases = Gradient { values: &mut *biases, add };
            add_gradients::<K>([M::LENGTH, count], input, slopes, weights, biases);
            add = true;
        }
        Ok(())
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        let [rows, others @ ..] = parameters.by_output::<R>([OUTPUTS, M::LENGTH])?;
        samples::<Self>(input, output_gradient)?;
        if R::OUTPUTS.is_none() {
            combine_weights::<K>([M::LENGTH, OUTPUTS], rows.weights, input, output_gradient, false);
            return Ok(());
        }
        let inputs = input.whole_chunks_mut(M::LENGTH);
        for (input, slopes) in inputs.zip(output_gradient.whole_chunks(OUTPUTS)) {
            let mut add = false;
            let all = [rows].into_iter().chain(others);
            for Rows { first, weights, biases } in all.filter(|rows| !rows.biases.is_empty()) {
                let slopes = slopes.get(first..).unwrap_or_default();
                let slopes = slopes.get(..biases.len()).unwrap_or_default();
                combine_weights::<K>([M::LENGTH, biases.len()], weights, input, slopes, add);
                add = true;
            }
        }
        Ok(())
    }

    /// He's uniform initialisation of the weights; the biases are zero.
    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        let outputs = const { trained_outputs::<R>(OUTPUTS) };
        initialise::<R>(theta, M::LENGTH * outputs, outputs, M::LENGTH, uniform)
    }

    fn filters(tell: &mut impl FnMut(Filter)) {
        let outputs = const { trained_outputs::<R>(OUTPUTS) };
        filters::<R>([outputs, M::LENGTH], outputs, tell);
    }
}
