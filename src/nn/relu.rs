//! The rectifier: as a type with a constant shape, and over slices.

use super::layer::Layer;
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
        _parameters: &[f32],
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        Error::check_length("layer input", N, input.len())?;
        forward(input, output)
    }

    fn backward_through<K: Kernels>(
        _parameters: &[f32],
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &[f32],
        _gradient: &mut [f32],
    ) -> Result<(), Error> {
        Error::check_length("layer input", N, input.len())?;
        backward_through(input, output_gradient)
    }
}

/// `output = max(input, 0)`, for a length that is known at run time; [`Relu`] does the same.
///
/// ```
/// use rolling_ball::nn::relu;
///
/// let mut output = [0.0; 2];
/// relu::forward(&[-1.0, 2.0], &mut output)?;
/// assert_eq!(output, [0.0, 2.0]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] where the output is not as long as the input.
pub fn forward(input: &[f32], output: &mut [f32]) -> Result<(), Error> {
    Error::check_length("layer output", input.len(), output.len())?;
    for (y, x) in output.iter_mut().zip(input) {
        // NaN passes through, so that the loss can tell.
        *y = if *x <= 0.0 { 0.0 } else { *x };
    }
    Ok(())
}

/// Overwrites the input with the gradient with respect to it.
///
/// # Errors
/// [`Error::Length`] where the output's gradient is not as long as the input.
pub fn backward_through(input: &mut [f32], output_gradient: &[f32]) -> Result<(), Error> {
    Error::check_length("layer output", input.len(), output_gradient.len())?;
    for (x, slope) in input.iter_mut().zip(output_gradient) {
        *x = if *x > 0.0 { *slope } else { 0.0 };
    }
    Ok(())
}
