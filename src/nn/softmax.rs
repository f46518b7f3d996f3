//! Probabilities.

use super::layer::{Layer, samples};
use super::parameters::Parameters;
use super::window::Shape;
use crate::chunks::Chunked;
use crate::kernels::Kernels;
use crate::{Error, Libm, Math};
use core::marker::PhantomData;

/// `y = e^x / sum(e^x)` over the channels at each position of the shape `M`: at every position the
/// outputs add up to 1. A plain vector, or [`Flat`](super::Flat) of a shape, is one position.
///
/// A network that is trained with [`SoftmaxCrossEntropy`](super::SoftmaxCrossEntropy) ends before
/// it: that loss contains it. Cost: an exponential of `F` a value, forward and backward.
///
/// ```
/// use rolling_ball::nn::{Dense, Map, Network, Softmax};
///
/// type Net = Network<'static, (Dense<1, 2>, Softmax<Map<1, 1, 2>>)>;
/// let mut scratch = [0.0; Net::INFERENCE_SCRATCH];
/// let theta = [0.0, 0.0, 5.0, 5.0];
/// assert_eq!(Net::new(&[])?.predict(&theta, &[1.0], &mut scratch)?, [0.5, 0.5]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Softmax<M, F = Libm>(PhantomData<(M, F)>);

impl<M: Shape, F> Shape for Softmax<M, F> {
    const MAP: [usize; 3] = M::MAP;
}

impl<M: Shape, F: Math> Layer for Softmax<M, F> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = M::LENGTH;
    const PARAMETERS: usize = 0;

    fn forward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        samples::<Self>(input, output)?;
        let channels = M::MAP[2];
        for (input, output) in input.whole_chunks(channels).zip(output.whole_chunks_mut(channels)) {
            for (y, x) in output.iter_mut().zip(input) {
                *y = *x;
            }
            softmax::<F>(output);
        }
        Ok(())
    }

    fn backward_input<K: Kernels>(
        _parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        samples::<Self>(input, output_gradient)?;
        let channels = M::MAP[2];
        let positions =
            input.whole_chunks_mut(channels).zip(output_gradient.whole_chunks(channels));
        for (input, slopes) in positions {
            // From here on the input is the output.
            softmax::<F>(input);
            let mean = K::dot(input, slopes);
            for (y, slope) in input.iter_mut().zip(slopes) {
                *y *= slope - mean;
            }
        }
        Ok(())
    }
}

/// The largest is taken off first, so that no exponential overflows.
fn softmax<F: Math>(values: &mut [f32]) {
    let largest = values.iter().fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a });
    let mut sum = 0.0;
    for value in values.iter_mut() {
        *value = F::exp(*value - largest);
        sum += *value;
    }
    for value in values {
        *value /= sum;
    }
}
