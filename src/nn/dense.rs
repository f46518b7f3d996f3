//! The fully connected layer.

use super::layer::{Layer, split, split_mut};
use crate::Error;
use crate::kernels::Kernels;

/// `y = W x + b` with `I` inputs and `O` outputs. Parameters: `W` row by row (`O` rows of `I`), then `b`.
///
/// Cost a sample: `I O` multiply-adds forward, twice that backward (once, where it is the first layer).
#[derive(Clone, Copy, Debug, Default)]
pub struct Dense<const I: usize, const O: usize>;

impl<const I: usize, const O: usize> Layer for Dense<I, O> {
    const INPUTS: usize = I;
    const OUTPUTS: usize = O;
    const PARAMETERS: usize = {
        assert!(I > 0 && O > 0, "Dense<I, O>: expected at least one input and one output");
        I * O + O
    };

    fn forward<K: Kernels>(
        parameters: &[f32],
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let (weights, bias) = split("parameters", parameters, I * O)?;
        check::<I, O>(input, bias, output)?;
        for ((y, row), bias) in output.iter_mut().zip(weights.chunks_exact(I)).zip(bias) {
            *y = bias + K::dot(row, input);
        }
        Ok(())
    }

    fn backward<K: Kernels>(
        parameters: &[f32],
        input: &[f32],
        _activations: &mut [f32],
        output_gradient: &[f32],
        gradient: &mut [f32],
    ) -> Result<(), Error> {
        let (_, bias) = split("parameters", parameters, I * O)?;
        check::<I, O>(input, bias, output_gradient)?;
        let (weights, bias) = split_mut("gradient", gradient, I * O)?;
        Error::check_length("gradient", O, bias.len())?;
        for ((row, bias), slope) in weights.chunks_exact_mut(I).zip(bias).zip(output_gradient) {
            K::add_scaled(row, *slope, input);
            *bias += slope;
        }
        Ok(())
    }

    fn backward_through<K: Kernels>(
        parameters: &[f32],
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &[f32],
        gradient: &mut [f32],
    ) -> Result<(), Error> {
        Self::backward::<K>(parameters, input, activations, output_gradient, gradient)?;
        let (weights, _) = split("parameters", parameters, I * O)?;
        input.fill(0.0);
        for (row, slope) in weights.chunks_exact(I).zip(output_gradient) {
            K::add_scaled(input, *slope, row);
        }
        Ok(())
    }

    /// He's uniform initialisation; biases are zero.
    fn initialise(parameters: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        let (weights, bias) = split_mut("parameters", parameters, I * O)?;
        Error::check_length("parameters", O, bias.len())?;
        let bound = libm::sqrtf(6.0 / I as f32);
        weights.fill_with(|| bound * uniform());
        bias.fill(0.0);
        Ok(())
    }
}

fn check<const I: usize, const O: usize>(
    input: &[f32],
    bias: &[f32],
    output: &[f32],
) -> Result<(), Error> {
    Error::check_length("layer input", I, input.len())?;
    Error::check_length("layer biases", O, bias.len())?;
    Error::check_length("layer output", O, output.len())
}
