//! The fully connected layer: as a type with constant shapes, and over slices whose lengths are its shape.

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
        check::<I, O>(input, output)?;
        forward::<K>(parameters, input, output)
    }

    fn backward<K: Kernels>(
        _parameters: &[f32],
        input: &[f32],
        _activations: &mut [f32],
        output_gradient: &[f32],
        gradient: &mut [f32],
    ) -> Result<(), Error> {
        check::<I, O>(input, output_gradient)?;
        backward::<K>(input, output_gradient, gradient)
    }

    fn backward_through<K: Kernels>(
        parameters: &[f32],
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &[f32],
        gradient: &mut [f32],
    ) -> Result<(), Error> {
        check::<I, O>(input, output_gradient)?;
        backward::<K>(input, output_gradient, gradient)?;
        backward_input::<K>(parameters, input, output_gradient)
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

fn check<const I: usize, const O: usize>(input: &[f32], output: &[f32]) -> Result<(), Error> {
    Error::check_length("layer input", I, input.len())?;
    Error::check_length("layer output", O, output.len())
}

/// `output = W input + b`, for shapes that are known at run time; [`Dense`] does the same. Parameters: `W` row by
/// row, then `b`. Cost: as many multiply-adds as `W` has elements.
///
/// ```
/// use rolling_ball::kernels::Active;
/// use rolling_ball::nn::dense;
///
/// let mut output = [0.0; 2];
/// dense::forward::<Active>(&[1.0, 2.0, 3.0, 4.0, 0.5, 0.0], &[1.0, -1.0], &mut output)?;
/// assert_eq!(output, [-0.5, -1.0]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] where the parameters are not those of this input and output, or there is no input.
pub fn forward<K: Kernels>(
    parameters: &[f32],
    input: &[f32],
    output: &mut [f32],
) -> Result<(), Error> {
    let (weights, bias) = split("parameters", parameters, weights(input, output)?)?;
    Error::check_length("layer biases", output.len(), bias.len())?;
    for ((y, row), bias) in output.iter_mut().zip(weights.chunks_exact(width(input))).zip(bias) {
        *y = bias + K::dot(row, input);
    }
    Ok(())
}

/// Adds the gradient with respect to the parameters to `gradient`, which is laid out as they are.
/// Cost: as [`forward`].
///
/// # Errors
/// [`Error::Length`] where the gradient is not as long as the parameters of this input and output, or there is no
/// input.
pub fn backward<K: Kernels>(
    input: &[f32],
    output_gradient: &[f32],
    gradient: &mut [f32],
) -> Result<(), Error> {
    let (weights, bias) = split_mut("gradient", gradient, weights(input, output_gradient)?)?;
    Error::check_length("gradient", output_gradient.len(), bias.len())?;
    let rows = weights.chunks_exact_mut(width(input));
    for ((row, bias), slope) in rows.zip(bias).zip(output_gradient) {
        K::add_scaled(row, *slope, input);
        *bias += slope;
    }
    Ok(())
}

/// Overwrites `input_gradient` with the gradient with respect to the input. Cost: as [`forward`].
///
/// # Errors
/// [`Error::Length`] where the parameters are not those of this input and output, or there is no input.
pub fn backward_input<K: Kernels>(
    parameters: &[f32],
    input_gradient: &mut [f32],
    output_gradient: &[f32],
) -> Result<(), Error> {
    let length = weights(input_gradient, output_gradient)?;
    let (weights, bias) = split("parameters", parameters, length)?;
    Error::check_length("layer biases", output_gradient.len(), bias.len())?;
    input_gradient.fill(0.0);
    for (row, slope) in weights.chunks_exact(width(input_gradient)).zip(output_gradient) {
        K::add_scaled(input_gradient, *slope, row);
    }
    Ok(())
}

/// Elements of `W`. What overflows is longer than any slice, and refused as such.
fn weights(input: &[f32], output: &[f32]) -> Result<usize, Error> {
    if input.is_empty() {
        return Err(Error::Length { what: "layer input", expected: 1, actual: 0 });
    }
    Ok(input.len().saturating_mul(output.len()))
}

/// The length of a row of `W`, for the compiler to see that it is not 0.
fn width(input: &[f32]) -> usize {
    input.len().max(1)
}
