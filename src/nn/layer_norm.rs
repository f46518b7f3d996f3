//! Normalisation of a sample by its own mean and deviation.

use super::layer::{Layer, samples, split_mut};
use super::parameters::{All, Gradient, Parameters, Trainable, filters, trained};
use crate::Error;
use crate::kernels::{Kernels, LANES, sum_lanes};
use core::marker::PhantomData;

/// `N` values, less their mean, over their standard deviation; then each times its own scale, plus its own shift.
/// With `POSITIONS`, that many vectors of `N` values one after another, such as the channels at the positions of a
/// map, each by itself with the same scales and shifts.
///
/// Parameters: the scales as weights, then the shifts as biases; `R` says which of them are trained. To the variance,
/// [`EPSILON`](Self::EPSILON) is added.
///
/// ```
/// use rolling_ball::nn::{Layer, LayerNorm};
///
/// assert_eq!(LayerNorm::<64>::PARAMETERS, 64 + 64);
/// assert_eq!(LayerNorm::<8, 49>::OUTPUTS, 8 * 49);
/// assert_eq!(LayerNorm::<8, 49>::PARAMETERS, 8 + 8);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LayerNorm<const N: usize, const POSITIONS: usize = 1, R = All>(PhantomData<R>);

impl<const N: usize, const POSITIONS: usize, R> LayerNorm<N, POSITIONS, R> {
    /// Added to the variance, so that values that are all equal do no harm.
    pub const EPSILON: f32 = 1e-5;
}

/// What the way back needs: the mean, and one over the standard deviation.
const KEPT: usize = 2;

impl<const N: usize, const POSITIONS: usize, R: Trainable> Layer for LayerNorm<N, POSITIONS, R> {
    const INPUTS: usize = N * POSITIONS;
    const OUTPUTS: usize = N * POSITIONS;
    const PARAMETERS: usize = {
        assert!(N > 0 && POSITIONS > 0, "LayerNorm<N, POSITIONS>: expected at least one value");
        trained::<R>(N, N)
    };
    const FROZEN: usize = 2 * N - Self::PARAMETERS;
    const ACTIVATIONS: usize = KEPT * POSITIONS;

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let (scales, shifts) = parameters.weights_and_biases::<R>(N, N)?;
        let samples = samples::<Self>(input, output)?;
        let kept = kept_mut(samples * POSITIONS, activations)?;
        for ((input, output), kept) in
            input.chunks_exact(N).zip(output.chunks_exact_mut(N)).zip(kept)
        {
            let mean = sum(input.iter().copied()) / N as f32;
            for (y, x) in output.iter_mut().zip(input) {
                *y = x - mean;
            }
            let variance = K::dot(output, output) / N as f32;
            let reciprocal = 1.0 / libm::sqrtf(variance + Self::EPSILON);
            for ((y, scale), shift) in output.iter_mut().zip(scales).zip(shifts) {
                *y = scale * (*y * reciprocal) + shift;
            }
            *kept = [mean, reciprocal];
        }
        Ok(())
    }

    fn backward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output_gradient: &[f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        let samples = samples::<Self>(input, output_gradient)?;
        let (scales, shifts) = gradient.weights_and_biases::<R>(N, N)?;
        let kept = kept_mut(samples * POSITIONS, activations)?;
        let (scales, shifts) = (scales.to_add_to(), shifts.to_add_to());
        let positions = input.chunks_exact(N).zip(output_gradient.chunks_exact(N)).zip(kept);
        for ((input, slopes), [mean, reciprocal]) in positions {
            for ((scale, x), slope) in scales.iter_mut().zip(input).zip(slopes) {
                *scale += slope * ((x - *mean) * *reciprocal);
            }
            for (shift, slope) in shifts.iter_mut().zip(slopes) {
                *shift += slope;
            }
        }
        Ok(())
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &[f32],
    ) -> Result<(), Error> {
        let (scales, _) = parameters.weights_and_biases::<R>(N, N)?;
        let samples = samples::<Self>(input, output_gradient)?;
        let kept = kept_mut(samples * POSITIONS, activations)?;
        let positions = input.chunks_exact_mut(N).zip(output_gradient.chunks_exact(N)).zip(kept);
        for ((input, slopes), [mean, reciprocal]) in positions {
            // From here on the input is normalised. The slopes with respect to it, less their mean and less their part
            // along the normalised input: what moves all values alike, or stretches them, changes nothing.
            for x in input.iter_mut() {
                *x = (*x - *mean) * *reciprocal;
            }
            let inner = scales.iter().zip(slopes).map(|(scale, slope)| scale * slope);
            let along = sum(inner.zip(input.iter()).map(|(slope, x)| slope * x)) / N as f32;
            let shared = K::dot(scales, slopes) / N as f32;
            for ((x, scale), slope) in input.iter_mut().zip(scales).zip(slopes) {
                *x = *reciprocal * ((scale * slope - shared) - *x * along);
            }
        }
        Ok(())
    }

    /// Scales are one, shifts are zero.
    fn initialise(theta: &mut [f32], _uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        Error::check_length("parameters", Self::PARAMETERS, theta.len())?;
        let (scales, shifts) = split_mut("parameters", theta, if R::WEIGHTS { N } else { 0 })?;
        scales.fill(1.0);
        shifts.fill(0.0);
        Ok(())
    }

    fn filters(tell: &mut impl FnMut(usize)) {
        filters::<R>([N, 1], N, tell);
    }
}

fn kept_mut(positions: usize, activations: &mut [f32]) -> Result<&mut [[f32; KEPT]], Error> {
    Error::check_length("layer activations", KEPT * positions, activations.len())?;
    Ok(activations.as_chunks_mut().0)
}

/// In the order of the [contract](crate::kernels), of a panel: vectors of this kind are short.
fn sum(mut values: impl Iterator<Item = f32>) -> f32 {
    let mut lanes = [-0.0; LANES];
    loop {
        for lane in &mut lanes {
            match values.next() {
                Some(value) => *lane += value,
                None => return sum_lanes(lanes),
            }
        }
    }
}
