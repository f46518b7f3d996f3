//! The fully connected layer: as a type with constant shapes, and over slices whose lengths are its shape. There is
//! one body for all shapes, which saves flash.

use super::layer::{Layer, samples};
use super::parameters::{All, Gradient, Parameters, Trainable, filters, initialise, trained};
use crate::Error;
use crate::kernels::{Factors, Kernels};
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
        samples::<Self>(input, output)?;
        K::transform(I, weights, biases, input, output);
        Ok(())
    }

    fn backward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output_gradient: &[f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        samples::<Self>(input, output_gradient)?;
        let (weights, biases) = gradient.weights_and_biases::<R>(I * O, O)?;
        add_gradients::<K>([I, O], input, output_gradient, weights, biases);
        Ok(())
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &[f32],
    ) -> Result<(), Error> {
        let (weights, _) = parameters.weights_and_biases::<R>(I * O, O)?;
        samples::<Self>(input, output_gradient)?;
        combine_weights::<K>([I, O], weights, input, output_gradient);
        Ok(())
    }

    /// He's uniform initialisation; biases are zero.
    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        initialise::<R>(theta, I * O, O, I, uniform)
    }

    fn filters(tell: &mut impl FnMut(usize)) {
        filters::<R>([O, I], O, tell);
    }
}

/// `output = W input + b` for each of `samples`, for shapes that are known at run time; [`Dense`] does the same. `W` row by
/// row; the samples' inputs one after the other, and so their outputs. Cost: as many multiply-adds a sample as `W` has
/// elements.
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

/// Adds the gradients with respect to the weights and the biases, sample by sample, or overwrites them; empty where they
/// are not trained. Cost: as [`forward`].
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
    combine_weights::<K>([width, count], weights, input, output_gradient);
    Ok(())
}

// Inlined, for a layer of constant shape to have loops of constant lengths.

#[inline(always)]
fn add_gradients<K: Kernels>(
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
    let mut samples = output_gradient.chunks_exact(count.max(1));
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
fn combine_weights<K: Kernels>(
    [width, count]: [usize; 2],
    weights: &[f32],
    input: &mut [f32],
    output_gradient: &[f32],
) {
    let factors = Factors::ByTarget { values: output_gradient, terms: count };
    K::combine(width, factors, weights, input, false);
}

/// A sample's inputs and outputs.
fn shape(samples: usize, input: &[f32], output: &[f32]) -> Result<[usize; 2], Error> {
    if input.is_empty() || samples == 0 {
        return Err(Error::Length { what: "layer input", expected: 1, actual: 0 });
    }
    let [width, count] = [input.len() / samples, output.len() / samples];
    Error::check_length("layer input", width * samples, input.len())?;
    Error::check_length("layer output", count * samples, output.len())?;
    Ok([width, count])
}
