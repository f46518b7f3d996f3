//! The fully connected layer over slices whose lengths are its shape, for shapes that are known at
//! run time only. The layer [`Dense`](super::Dense) has the same body.

use super::parameters::Gradient;
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::{Factors, Kernels};

/// Computes `output = W input + b` for each of `samples`. `W` lies row by row; the samples' inputs
/// lie one after the other, and so do their outputs. Cost of a sample: as many multiply-adds as `W`
/// has elements.
///
/// ```
/// use rolling_ball::kernels::Active;
/// use rolling_ball::nn::dense;
///
/// let mut output = [0.0; 2];
/// dense::forward::<Active>(1, &[1.0, 2.0, 3.0, 4.0], &[0.5, 0.0], &[1.0, -1.0], &mut output)?;
/// assert_eq!(output, [-0.5, -1.0]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] where the weights or the biases are not those of this input and output.
pub fn forward<K: Kernels>(
    samples: usize,
    weights: &[f32],
    biases: &[f32],
    input: &[f32],
    output: &mut [f32],
) -> Result<(), Error> {
    let [width, count] = shape(samples, input, output)?;
    Error::check_length("layer weights", width.saturating_mul(count), weights.len())?;
    Error::check_length("layer biases", count, biases.len())?;
    K::transform(width, weights, biases, input, output);
    Ok(())
}

/// Adds the gradients with respect to the weights and the biases, sample by sample, or overwrites
/// them. A gradient of what is not trained is empty. Cost: as [`forward`].
///
/// # Errors
/// [`Error::Length`] where a gradient is neither empty nor as long as what it belongs to.
pub fn backward<K: Kernels>(
    samples: usize,
    input: &[f32],
    output_gradient: &[f32],
    weights: Gradient,
    biases: Gradient,
) -> Result<(), Error> {
    let [width, count] = shape(samples, input, output_gradient)?;
    if !weights.values.is_empty() {
        let expected = width.saturating_mul(count);
        Error::check_length("gradient of the weights", expected, weights.values.len())?;
    }
    if !biases.values.is_empty() {
        Error::check_length("gradient of the biases", count, biases.values.len())?;
    }
    add_gradients::<K>([width, count], input, output_gradient, weights, biases);
    Ok(())
}

/// Overwrites the input with the gradient with respect to it. Cost: as [`forward`].
///
/// # Errors
/// [`Error::Length`] where the weights are not those of this input and output.
pub fn backward_input<K: Kernels>(
    samples: usize,
    weights: &[f32],
    input: &mut [f32],
    output_gradient: &[f32],
) -> Result<(), Error> {
    let [width, count] = shape(samples, input, output_gradient)?;
    Error::check_length("layer weights", width.saturating_mul(count), weights.len())?;
    combine_weights::<K>([width, count], weights, input, output_gradient, false);
    Ok(())
}

// Inlined, for a layer of constant shape to have loops of constant lengths.

#[inline(always)]
pub(super) fn add_gradients<K: Kernels>(
    [width, count]: [usize; 2],
    input: &[f32],
    output_gradient: &[f32],
    weights: Gradient,
    biases: Gradient,
) {
    if !weights.values.is_empty() {
        let factors = Factors::ByTerm { values: output_gradient, targets: count };
        K::combine(width, factors, input, weights.values, weights.add);
    }
    let mut samples = output_gradient.whole_chunks(count);
    if !biases.add {
        let first = samples.next().unwrap_or_default();
        for (bias, slope) in biases.values.iter_mut().zip(first) {
            *bias = *slope;
        }
    }
    for slopes in samples {
        for (bias, slope) in biases.values.iter_mut().zip(slopes) {
            *bias += slope;
        }
    }
}

#[inline(always)]
pub(super) fn combine_weights<K: Kernels>(
    [width, count]: [usize; 2],
    weights: &[f32],
    input: &mut [f32],
    output_gradient: &[f32],
    add: bool,
) {
    let factors = Factors::ByTarget { values: output_gradient, terms: count };
    K::combine(width, factors, weights, input, add);
}

/// A sample's inputs and outputs.
fn shape(samples: usize, input: &[f32], output: &[f32]) -> Result<[usize; 2], Error> {
    if input.is_empty() || samples == 0 {
        return Err(Error::Length { what: "layer input", expected: 1, actual: 0 });
    }
    let [width, count] = [input.len() / samples, output.len() / samples];
    Error::check_length("layer input", width.saturating_mul(samples), input.len())?;
    Error::check_length("layer output", count.saturating_mul(samples), output.len())?;
    Ok([width, count])
}
