//! A scale and a shift for every channel.

use super::layer::{Layer, each_backward, each_backward_input, infer_in_place, samples};
use super::parameters::{
    All, Filter, Gradient, Parameters, Trainable, initialise_scales, scales_and_shifts, trained,
};
use super::window::Shape;
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// `y = scale * x + shift` with a scale and a shift for each channel of the shape `M`: what a batch
/// norm with the statistics of its training is, wherever it stands.
///
/// Of a batch norm, `scale = weight / sqrt(variance + epsilon)` and
/// `shift = bias - scale * mean`. Directly after a convolution or a dense layer it is better put
/// into their parameters, where it costs nothing.
///
/// Parameters: the scales as weights, then the shifts as biases; `R` says which of them are
/// trained. Cost: a multiply-add a value, and two backward. Where none is trained, the output takes
/// the place of the input in a tuple.
///
/// ```
/// use rolling_ball::nn::{Layer, Map, ScaleShift, Shape};
///
/// type Norm = ScaleShift<Map<14, 14, 8>>;
/// assert_eq!((Norm::MAP, Norm::PARAMETERS), ([14, 14, 8], 8 + 8));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ScaleShift<M, R = All>(PhantomData<(M, R)>);

impl<M: Shape, R> ScaleShift<M, R> {
    const CHANNELS: usize = M::MAP[2];
}

impl<M: Shape, R> Shape for ScaleShift<M, R> {
    const MAP: [usize; 3] = M::MAP;
}

impl<M: Shape, R: Trainable> Layer for ScaleShift<M, R> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = M::LENGTH;
    const PARAMETERS: usize = {
        assert!(M::LENGTH > 0, "ScaleShift: expected at least one value");
        trained::<R>(Self::CHANNELS, Self::CHANNELS)
    };
    const FROZEN: usize = 2 * Self::CHANNELS - Self::PARAMETERS;
    // The gradient of the input needs the scales only; that of the scales would need the input.
    const IN_PLACE: Option<usize> = if R::WEIGHTS || R::BIASES { None } else { Some(0) };
    const FORGETS_INPUT: bool = !R::WEIGHTS;
    const BUFFERS: [usize; 2] = [M::LENGTH, 0];
    const ENDS_IN_BACK: bool = false;

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let (scales, shifts) =
            parameters.weights_and_biases::<R>(Self::CHANNELS, Self::CHANNELS)?;
        samples::<Self>(input, output)?;
        let positions =
            input.whole_chunks(Self::CHANNELS).zip(output.whole_chunks_mut(Self::CHANNELS));
        for (input, output) in positions {
            for (((y, x), scale), shift) in output.iter_mut().zip(input).zip(scales).zip(shifts) {
                *y = scale * x + shift;
            }
        }
        Ok(())
    }

    fn backward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        let (scales, shifts) = gradient.weights_and_biases::<R>(Self::CHANNELS, Self::CHANNELS)?;
        let samples = each_backward::<Self>(input, output_gradient)?;
        let (scales, shifts) = (scales.to_add_to(), shifts.to_add_to());
        for (input, output_gradient) in samples {
            let positions = input
                .whole_chunks(Self::CHANNELS)
                .zip(output_gradient.whole_chunks(Self::CHANNELS));
            for (input, slopes) in positions {
                for ((scale, x), slope) in scales.iter_mut().zip(input).zip(slopes) {
                    *scale += slope * x;
                }
                for (shift, slope) in shifts.iter_mut().zip(slopes) {
                    *shift += slope;
                }
            }
        }
        Ok(())
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        let (scales, _) = parameters.weights_and_biases::<R>(Self::CHANNELS, Self::CHANNELS)?;
        for (input, output_gradient) in each_backward_input::<Self>(input, output_gradient)? {
            let positions = input
                .whole_chunks_mut(Self::CHANNELS)
                .zip(output_gradient.whole_chunks(Self::CHANNELS));
            for (input, slopes) in positions {
                for ((x, scale), slope) in input.iter_mut().zip(scales).zip(slopes) {
                    *x = scale * slope;
                }
            }
        }
        Ok(())
    }

    fn forward_in_place(
        parameters: Parameters,
        values: &mut [f32],
        _kept: &mut [f32],
    ) -> Result<(), Error> {
        let (scales, shifts) =
            parameters.weights_and_biases::<R>(Self::CHANNELS, Self::CHANNELS)?;
        samples::<Self>(values, values)?;
        scale_and_shift(scales, shifts, values);
        Ok(())
    }

    fn backward_in_place(
        parameters: Parameters,
        _kept: &[f32],
        gradient: &mut [f32],
    ) -> Result<(), Error> {
        let (scales, _) = parameters.weights_and_biases::<R>(Self::CHANNELS, Self::CHANNELS)?;
        samples::<Self>(gradient, gradient)?;
        for slopes in gradient.whole_chunks_mut(Self::CHANNELS) {
            for (slope, scale) in slopes.iter_mut().zip(scales) {
                *slope *= scale;
            }
        }
        Ok(())
    }

    fn infer<'s, K: Kernels>(
        parameters: Parameters,
        front: &'s mut [f32],
        back: &'s mut [f32],
        _inside: &mut [f32],
    ) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
        let (scales, shifts) =
            parameters.weights_and_biases::<R>(Self::CHANNELS, Self::CHANNELS)?;
        infer_in_place::<Self>(front, back, |values| scale_and_shift(scales, shifts, values))
    }

    /// Scales are one, shifts are zero.
    fn initialise(theta: &mut [f32], _uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        initialise_scales::<R>(theta, Self::CHANNELS)
    }

    fn filters(tell: &mut impl FnMut(Filter)) {
        scales_and_shifts::<R>(Self::CHANNELS, tell);
    }
}

fn scale_and_shift(scales: &[f32], shifts: &[f32], values: &mut [f32]) {
    for position in values.whole_chunks_mut(scales.len()) {
        for ((x, scale), shift) in position.iter_mut().zip(scales).zip(shifts) {
            *x = scale * *x + shift;
        }
    }
}
