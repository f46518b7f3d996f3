//! The rectifier.

use super::layer::Layer;
use super::parameters::Parameters;
use crate::Error;
use crate::kernels::Kernels;

/// `y = max(x, 0)`, element by element; its slope at 0 is 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Relu<const N: usize>;

impl<const N: usize> Layer for Relu<N> {
    const INPUTS: usize = N;
    const OUTPUTS: usize = N;
    const PARAMETERS: usize = 0;

    fn forward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        Error::check_length("layer input", N, input.len())?;
        Error::check_length("layer output", N, output.len())?;
        for (y, x) in output.iter_mut().zip(input) {
            // NaN passes through, so that the loss can tell.
            *y = if *x <= 0.0 { 0.0 } else { *x };
        }
        Ok(())
    }

    fn backward_input<K: Kernels>(
        _parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &[f32],
    ) -> Result<(), Error> {
        Error::check_length("layer input", N, input.len())?;
        Error::check_length("layer output", N, output_gradient.len())?;
        for (x, slope) in input.iter_mut().zip(output_gradient) {
            *x = if *x > 0.0 { *slope } else { 0.0 };
        }
        Ok(())
    }
}
