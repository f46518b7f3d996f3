//! The fully connected layer: as a type with constant shapes, and over slices whose lengths are its shape. There is
//! one body for all shapes, which saves flash.

use super::layer::{Layer, samples};
use super::parameters::{All, Parameters, Trainable, initialise, trained, weights_and_biases_mut};
use crate::Error;
use crate::kernels::{Combine, Factors, Kernels, Transform};
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
        let samples = samples::<Self>(input, output)?;
        forward::<K>(samples, weights, biases, input, output)
    }

    fn backward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output_gradient: &[f32],
        gradient: &mut [f32],
    ) -> Result<(), Error> {
        let samples = samples::<Self>(input, output_gradient)?;
        let (weights, biases) = weights_and_biases_mut::<R>(gradient, I * O, O)?;
        backward::<K>(samples, input, output_gradient, weights, biases)
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &[f32],
    ) -> Result<(), Error> {
        let (weights, _) = parameters.weights_and_biases::<R>(I * O, O)?;
        let samples = samples::<Self>(input, output_gradient)?;
        backward_input::<K>(samples, weights, input, output_gradient)
    }

    /// He's uniform initialisation; biases are zero.
    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        initialise::<R>(theta, I * O, O, I, uniform)
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
    K::run_divided(Transform { width, weights, biases, inputs: input, outputs: output });
    Ok(())
}

/// Adds the gradients with respect to the weights and the biases, sample by sample; an empty slice where they are not
/// trained. Cost: as [`forward`].
///
/// # Errors
/// [`Error::Length`] where a gradient is neither empty nor as long as what it belongs to.
pub fn backward<K: Kernels>(
    samples: usize,
    input: &[f32],
    output_gradient: &[f32],
    weights_gradient: &mut [f32],
    biases_gradient: &mut [f32],
) -> Result<(), Error> {
    let [width, count] = shape(samples, input, output_gradient)?;
    if !weights_gradient.is_empty() {
        let expected = width.saturating_mul(count);
        Error::check_length("gradient of the weights", expected, weights_gradient.len())?;
    }
    if !biases_gradient.is_empty() {
        Error::check_length("gradient of the biases", count, biases_gradient.len())?;
    }
    if !weights_gradient.is_empty() {
        K::run_divided(Combine {
            width,
            factors: Factors { values: output_gradient, target: 1, term: count },
            rows: input,
            targets: weights_gradient,
            add: true,
        });
    }
    for slopes in output_gradient.chunks_exact(count.max(1)) {
        for (bias, slope) in biases_gradient.iter_mut().zip(slopes) {
            *bias += slope;
        }
    }
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
    K::run_divided(Combine {
        width,
        factors: Factors { values: output_gradient, target: count, term: 1 },
        rows: weights,
        targets: input,
        add: false,
    });
    Ok(())
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
