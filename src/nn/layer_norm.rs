//! Normalisation of a sample by its own mean and deviation.

use super::layer::{Layer, samples};
use super::parameters::{
    All, Filter, Gradient, Parameters, Trainable, initialise_scales, scales_and_shifts, trained,
};
use super::window::Shape;
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::{Kernels, LANES, sum_lanes};
use core::marker::PhantomData;

/// The values at each position of the shape `M`, less their mean, over their standard deviation;
/// then each times its own scale, plus its own shift. Every position is normalised by itself, with
/// the same scales and shifts. A plain vector, or [`Flat`] of a shape, is one position, and so
/// normalised as a whole.
///
/// Parameters: the scales as weights, then the shifts as biases, one of each for a channel; `R`
/// says which of them are trained. With [`WeightsOnly`] and frozen zeros, there are no shifts. To
/// the variance, [`Epsilon`] is added: `10^-5` where nothing else is said.
///
/// ```
/// use rolling_ball::nn::{Conv2d, Flat, Kernel, Layer, Map, Window, over};
///
/// type First = Conv2d<Map<9, 9, 1>, Window<Kernel<3>>, 8>;
/// assert_eq!(over::LayerNorm::<First>::OUTPUTS, 7 * 7 * 8);
/// assert_eq!(over::LayerNorm::<First>::PARAMETERS, 8 + 8);
/// assert_eq!(over::LayerNorm::<Flat<First>>::PARAMETERS, 7 * 7 * 8 * 2);
/// ```
///
/// [`Flat`]: super::Flat
/// [`WeightsOnly`]: super::WeightsOnly
#[derive(Clone, Copy, Debug, Default)]
pub struct LayerNorm<M, R = All, Added = Epsilon<5>>(PhantomData<(M, R, Added)>);

/// `FACTOR * 10^-EXPONENT`: what a [`LayerNorm`] adds to the variance, so that values that are all
/// equal do no harm.
///
/// ```
/// use rolling_ball::nn::{All, Epsilon, LayerNorm};
///
/// assert_eq!(LayerNorm::<64>::EPSILON, 1e-5);
/// assert_eq!(LayerNorm::<64, 1, All, Epsilon<12>>::EPSILON, 1e-12);
/// assert_eq!(LayerNorm::<64, 1, All, Epsilon<4, 25>>::EPSILON, 2.5e-3);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Epsilon<const EXPONENT: u32, const FACTOR: u32 = 1>;

impl<const EXPONENT: u32, const FACTOR: u32> Epsilon<EXPONENT, FACTOR> {
    const VALUE: f32 = {
        assert!(EXPONENT <= 22, "Epsilon: expected an exponent that a float holds exactly");
        let (mut divisor, mut power) = (1.0, 0);
        while power < EXPONENT {
            divisor *= 10.0;
            power += 1;
        }
        (FACTOR as f64 / divisor) as f32
    };
}

impl<M, R, const EXPONENT: u32, const FACTOR: u32> LayerNorm<M, R, Epsilon<EXPONENT, FACTOR>> {
    /// Added to the variance.
    pub const EPSILON: f32 = Epsilon::<EXPONENT, FACTOR>::VALUE;
}

impl<M: Shape, R, Added> LayerNorm<M, R, Added> {
    const CHANNELS: usize = M::MAP[2];
    const POSITIONS: usize = M::MAP[0] * M::MAP[1];
}

impl<M: Shape, R, Added> Shape for LayerNorm<M, R, Added> {
    const MAP: [usize; 3] = M::MAP;
}

/// What the way back needs: the mean, and one over the standard deviation.
const KEPT: usize = 2;

impl<M: Shape, R: Trainable, const EXPONENT: u32, const FACTOR: u32> Layer
    for LayerNorm<M, R, Epsilon<EXPONENT, FACTOR>>
{
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = M::LENGTH;
    const PARAMETERS: usize = {
        assert!(M::LENGTH > 0, "LayerNorm: expected at least one value");
        trained::<R>(Self::CHANNELS, Self::CHANNELS)
    };
    const FROZEN: usize = 2 * Self::CHANNELS - Self::PARAMETERS;
    const ACTIVATIONS: usize = KEPT * Self::POSITIONS;

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let (scales, shifts) =
            parameters.weights_and_biases::<R>(Self::CHANNELS, Self::CHANNELS)?;
        let samples = samples::<Self>(input, output)?;
        let kept = kept_mut(samples.saturating_mul(Self::POSITIONS), activations)?;
        for ((input, output), kept) in input
            .whole_chunks(Self::CHANNELS)
            .zip(output.whole_chunks_mut(Self::CHANNELS))
            .zip(kept)
        {
            let mean = sum(input.iter().copied()) / Self::CHANNELS as f32;
            for (y, x) in output.iter_mut().zip(input) {
                *y = x - mean;
            }
            let variance = K::dot(output, output) / Self::CHANNELS as f32;
            let reciprocal = 1.0 / crate::math::sqrt(variance + Self::EPSILON);
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
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        let samples = samples::<Self>(input, output_gradient)?;
        let (scales, shifts) = gradient.weights_and_biases::<R>(Self::CHANNELS, Self::CHANNELS)?;
        let kept = kept_mut(samples.saturating_mul(Self::POSITIONS), activations)?;
        let (scales, shifts) = (scales.to_add_to(), shifts.to_add_to());
        let positions = input
            .whole_chunks(Self::CHANNELS)
            .zip(output_gradient.whole_chunks(Self::CHANNELS))
            .zip(kept);
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
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        let (scales, _) = parameters.weights_and_biases::<R>(Self::CHANNELS, Self::CHANNELS)?;
        let samples = samples::<Self>(input, output_gradient)?;
        let kept = kept_mut(samples.saturating_mul(Self::POSITIONS), activations)?;
        let positions = input
            .whole_chunks_mut(Self::CHANNELS)
            .zip(output_gradient.whole_chunks(Self::CHANNELS))
            .zip(kept);
        for ((input, slopes), [mean, reciprocal]) in positions {
            // From here on the input is normalised. The slopes with respect to it, less their mean
            // and less their part along the normalised input: what moves all values alike, or
            // stretches them, changes nothing.
            for x in input.iter_mut() {
                *x = (*x - *mean) * *reciprocal;
            }
            let inner = scales.iter().zip(slopes).map(|(scale, slope)| scale * slope);
            let along =
                sum(inner.zip(input.iter()).map(|(slope, x)| slope * x)) / Self::CHANNELS as f32;
            let shared = K::dot(scales, slopes) / Self::CHANNELS as f32;
            for ((x, scale), slope) in input.iter_mut().zip(scales).zip(slopes) {
                *x = *reciprocal * ((scale * slope - shared) - *x * along);
            }
        }
        Ok(())
    }

    /// Scales are one, shifts are zero.
    fn initialise(theta: &mut [f32], _uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        initialise_scales::<R>(theta, Self::CHANNELS)
    }

    fn filters(tell: &mut impl FnMut(Filter)) {
        scales_and_shifts::<R>(Self::CHANNELS, tell);
    }
}

fn kept_mut(positions: usize, activations: &mut [f32]) -> Result<&mut [[f32; KEPT]], Error> {
    Error::check_length("layer activations", positions.saturating_mul(KEPT), activations.len())?;
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
