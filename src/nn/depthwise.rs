//! The convolution of every channel by itself.

use super::layer::{Layer, each_backward, each_backward_input, each_forward};
use super::parameters::{
    All, Filter, Gradient, Parameters, Trainable, filters, initialise, trained,
};
use super::window::{Gaps, Geometry, InTime, Shape, Sliding};
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// In every window `W` on the map `M`, a weighted sum of each channel by itself, plus its bias.
/// With a [`Conv2d`] of windows of one position after it, it is a convolution of few parameters.
///
/// Parameters: the weights in the window's order (row, column, channel), then the biases; `R` says
/// which of them are trained. A sum is in the order of the window's positions.
///
/// Cost of a sample: `windows * window length` multiply-adds forward, and twice that backward.
///
/// ```
/// use rolling_ball::nn::{
///     Conv2d, DepthwiseConv2d, Kernel, Layer, Map, Padding, Shape, Stride, Window,
/// };
///
/// type Spatial = DepthwiseConv2d<Map<14, 14, 8>, Window<Kernel<3>, Stride<1>, Padding<1>>>;
/// type Pointwise = Conv2d<Spatial, Window<Kernel<1>>, 16>;
/// assert_eq!(Spatial::PARAMETERS + Pointwise::PARAMETERS, (9 * 8 + 8) + (8 * 16 + 16));
/// assert_eq!(Pointwise::MAP, [14, 14, 16]);
/// ```
///
/// [`Conv2d`]: super::Conv2d
#[derive(Clone, Copy, Debug, Default)]
pub struct DepthwiseConv2d<M, W, R = All>(PhantomData<(M, W, R)>);

/// [`DepthwiseConv2d`] on a signal `M` in time.
///
/// ```
/// use rolling_ball::nn::{DepthwiseConv1d, Kernel, Layer, Signal, Window};
///
/// type Motion = DepthwiseConv1d<Signal<50, 3>, Window<Kernel<5>>>;
/// assert_eq!((Motion::OUTPUTS, Motion::PARAMETERS), (46 * 3, 5 * 3 + 3));
/// ```
pub type DepthwiseConv1d<M, W, R = All> = DepthwiseConv2d<M, InTime<M, W>, R>;

impl<M: Shape, W: Sliding, R> DepthwiseConv2d<M, W, R> {
    const GEOMETRY: Geometry<W::Gaps> = Geometry::of::<M, W>();
    const WEIGHTS: usize = Self::GEOMETRY.length();
    const BIASES: usize = M::MAP[2];
}

impl<M: Shape, W: Sliding, R> Shape for DepthwiseConv2d<M, W, R> {
    const MAP: [usize; 3] = Self::GEOMETRY.output(M::MAP[2]);
}

impl<M: Shape, W: Sliding, R: Trainable> Layer for DepthwiseConv2d<M, W, R> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = Self::LENGTH;
    const PARAMETERS: usize = trained::<R>(Self::WEIGHTS, Self::BIASES);
    const FROZEN: usize = Self::WEIGHTS + Self::BIASES - Self::PARAMETERS;
    const FORGETS_INPUT: bool = !R::WEIGHTS;

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let (weights, biases) = parameters.weights_and_biases::<R>(Self::WEIGHTS, Self::BIASES)?;
        for (input, output) in each_forward::<Self>(input, output)? {
            forward::<K>(Self::GEOMETRY, weights, biases, input, output);
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
        let (weights, biases) = gradient.weights_and_biases::<R>(Self::WEIGHTS, Self::BIASES)?;
        let samples = each_backward::<Self>(input, output_gradient)?;
        let (weights, biases) = (weights.to_add_to(), biases.to_add_to());
        for (input, output_gradient) in samples {
            backward::<K>(Self::GEOMETRY, input, output_gradient, weights, biases);
        }
        Ok(())
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        let (weights, _) = parameters.weights_and_biases::<R>(Self::WEIGHTS, Self::BIASES)?;
        for (input, output_gradient) in each_backward_input::<Self>(input, output_gradient)? {
            input_gradient::<K>(Self::GEOMETRY, weights, output_gradient, input);
        }
        Ok(())
    }

    /// He's uniform initialisation of the weights; the biases are zero.
    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        let positions = W::SIZE[0] * W::SIZE[1];
        initialise::<R>(theta, Self::WEIGHTS, Self::BIASES, positions, uniform)
    }

    /// The channels' weights take turns in theta, so all of them are one filter.
    fn filters(tell: &mut impl FnMut(Filter)) {
        filters::<R>([1, Self::WEIGHTS], Self::BIASES, tell);
    }
}

// The loops know shapes as values, so that they are compiled once for all layers.

fn forward<K: Kernels>(
    geometry: Geometry<impl Gaps>,
    weights: &[f32],
    biases: &[f32],
    input: &[f32],
    output: &mut [f32],
) {
    let channels = geometry.channels();
    for (runs, place) in geometry.each().zip(output.whole_chunks_mut(channels)) {
        for (y, bias) in place.iter_mut().zip(biases) {
            *y = *bias;
        }
        for run in runs {
            let positions = run.of_map(input).whole_chunks(channels);
            for (x, w) in positions.zip(run.of_window(weights).whole_chunks(channels)) {
                add_products(place, w, x);
            }
            K::pause();
        }
    }
}

/// The gradient of what is not trained is empty.
fn backward<K: Kernels>(
    geometry: Geometry<impl Gaps>,
    input: &[f32],
    output_gradient: &[f32],
    weights: &mut [f32],
    biases: &mut [f32],
) {
    let channels = geometry.channels();
    for (runs, slopes) in geometry.each().zip(output_gradient.whole_chunks(channels)) {
        for (bias, slope) in biases.iter_mut().zip(slopes) {
            *bias += slope;
        }
        for run in runs {
            let positions = run.of_map(input).whole_chunks(channels);
            for (x, w) in positions.zip(run.of_window_mut(weights).whole_chunks_mut(channels)) {
                add_products(w, slopes, x);
            }
            K::pause();
        }
    }
}

fn input_gradient<K: Kernels>(
    geometry: Geometry<impl Gaps>,
    weights: &[f32],
    output_gradient: &[f32],
    input: &mut [f32],
) {
    let channels = geometry.channels();
    input.fill(0.0);
    for (runs, slopes) in geometry.each().zip(output_gradient.whole_chunks(channels)) {
        for run in runs {
            let positions = run.of_map_mut(input).whole_chunks_mut(channels);
            for (x, w) in positions.zip(run.of_window(weights).whole_chunks(channels)) {
                add_products(x, slopes, w);
            }
            K::pause();
        }
    }
}

/// `y += a * b`, element by element.
fn add_products(y: &mut [f32], a: &[f32], b: &[f32]) {
    for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
        *y += a * b;
    }
}
