//! The fully connected layer.

use super::layer::{Layer, check_lengths};
use super::parameters::{All, Parameters, Trainable, initialise, trained, weights_and_biases_mut};
use crate::Error;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// `y = W x + b` with `I` inputs and `O` outputs. Parameters: `W` row by row (`O` rows of `I`), then `b`; `R` says
/// which of them are trained.
///
/// Cost a sample: `I O` multiply-adds forward, twice that backward (once, where nothing below is trained).
///
/// ```
/// use rolling_ball::nn::{All, BiasesOnly, Dense, Frozen, Layer};
///
/// assert_eq!(Dense::<64, 32>::PARAMETERS, 64 * 32 + 32);
/// assert_eq!(Dense::<64, 32, BiasesOnly>::PARAMETERS, 32);
/// assert_eq!(Dense::<64, 32, Frozen>::FROZEN, 64 * 32 + 32);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Dense<const I: usize, const O: usize, R = All>(PhantomData<R>);

impl<const I: usize, const O: usize, R: Trainable> Layer for Dense<I, O, R> {
    const INPUTS: usize = I;
    const OUTPUTS: usize = O;
    const PARAMETERS: usize = {
        assert!(I > 0 && O > 0, "Dense<I, O>: expected at least one input and one output");
        trained::<R>(I * O, O)
    };
    const FROZEN: usize = I * O + O - Self::PARAMETERS;

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let (weights, biases) = parameters.weights_and_biases::<R>(I * O, O)?;
        check_lengths::<Self>(input, output)?;
        for ((y, row), bias) in output.iter_mut().zip(weights.chunks_exact(I)).zip(biases) {
            *y = bias + K::dot(row, input);
        }
        Ok(())
    }

    fn backward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output_gradient: &[f32],
        gradient: &mut [f32],
    ) -> Result<(), Error> {
        check_lengths::<Self>(input, output_gradient)?;
        let (weights, biases) = weights_and_biases_mut::<R>(gradient, I * O, O)?;
        for (row, slope) in weights.chunks_exact_mut(I).zip(output_gradient) {
            K::add_scaled(row, *slope, input);
        }
        for (bias, slope) in biases.iter_mut().zip(output_gradient) {
            *bias += slope;
        }
        Ok(())
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &[f32],
    ) -> Result<(), Error> {
        let (weights, _) = parameters.weights_and_biases::<R>(I * O, O)?;
        check_lengths::<Self>(input, output_gradient)?;
        input.fill(0.0);
        for (row, slope) in weights.chunks_exact(I).zip(output_gradient) {
            K::add_scaled(input, *slope, row);
        }
        Ok(())
    }

    /// He's uniform initialisation; biases are zero.
    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        initialise::<R>(theta, I * O, O, I, uniform)
    }
}
