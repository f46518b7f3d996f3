//! The convolution, in two dimensions and in one.

use super::layer::{Layer, each_backward, each_backward_input, each_forward};
use super::parameters::{
    All, Filter, Gradient, Parameters, Rows, Trainable, filters, initialise, trained_by_output,
    trained_outputs,
};
use super::window::{Gaps, Geometry, InTime, Kernel, Shape, Sliding, Window};
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::{Filters, Kernels, LANES, SimdVector, Task, Unit};
use core::marker::PhantomData;

/// `FILTERS` weighted sums of every window `W` on the map `M`, each plus its bias. The output is a
/// map again, with a channel for each filter.
///
/// Parameters: the weights filter by filter, each in the window's order (row, column, channel),
/// then the biases; `R` says which of them are trained.
///
/// Cost of a sample: `windows * window length * FILTERS` multiply-adds forward, and twice that
/// backward (once, where nothing below is trained). What lies in the padding costs nothing, nor,
/// backward, does an output whose gradient is 0.
///
/// ```
/// use rolling_ball::nn::{Conv2d, Kernel, Layer, Map, Padding, Shape, Stride, Window};
///
/// // 8 filters of 3 x 3 on an image of 28 x 28, on every other position, with a row or column of
/// // zeros around the image.
/// type First = Conv2d<Map<28, 28, 1>, Window<Kernel<3>, Stride<2>, Padding<1>>, 8>;
/// assert_eq!(First::MAP, [14, 14, 8]);
/// assert_eq!(First::OUTPUTS, 14 * 14 * 8);
/// assert_eq!(First::PARAMETERS, 8 * 3 * 3 + 8);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Conv2d<M, W, const FILTERS: usize, R = All>(PhantomData<(M, W, R)>);

/// [`Conv2d`] on a signal `M` in time: a window one row high.
///
/// ```
/// use rolling_ball::nn::{Conv1d, Kernel, Layer, Signal, Stride, Window};
///
/// // A second of a three-axis accelerometer at 50 Hz, through 8 filters over five moments each.
/// type Motion = Conv1d<Signal<50, 3>, Window<Kernel<5>, Stride<2>>, 8>;
/// assert_eq!(Motion::OUTPUTS, 23 * 8);
/// assert_eq!(Motion::PARAMETERS, 8 * 5 * 3 + 8);
/// ```
///
/// A map of several rows is no signal, and does not compile:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Conv1d, Kernel, Layer, Map, Window};
///
/// const _: usize = Conv1d::<Map<2, 50, 3>, Window<Kernel<5>>, 8>::OUTPUTS;
/// ```
pub type Conv1d<M, W, const FILTERS: usize, R = All> = Conv2d<M, InTime<M, W>, FILTERS, R>;

/// [`Conv2d`] of windows of one position: a dense layer with `FILTERS` outputs at each position of
/// `M` by itself, with the same parameters.
///
/// ```
/// use rolling_ball::nn::{Layer, PointwiseConv2d, Signal};
///
/// type ByPosition = PointwiseConv2d<Signal<50, 16>, 8>;
/// assert_eq!((ByPosition::OUTPUTS, ByPosition::PARAMETERS), (50 * 8, 16 * 8 + 8));
/// ```
pub type PointwiseConv2d<M, const FILTERS: usize, R = All> =
    Conv2d<M, Window<Kernel<1>>, FILTERS, R>;

impl<M: Shape, W: Sliding, const FILTERS: usize, R> Conv2d<M, W, FILTERS, R> {
    const GEOMETRY: Geometry<W::Gaps> = {
        assert!(FILTERS > 0, "Conv2d<M, W, FILTERS>: expected at least one filter");
        Geometry::of::<M, W>()
    };
    const SHAPE_OF_WEIGHTS: [usize; 2] = [FILTERS, Self::GEOMETRY.length()];
}

impl<M: Shape, W: Sliding, const FILTERS: usize, R> Shape for Conv2d<M, W, FILTERS, R> {
    const MAP: [usize; 3] = Self::GEOMETRY.output(FILTERS);
}

impl<M: Shape, W: Sliding, const FILTERS: usize, R: Trainable> Layer for Conv2d<M, W, FILTERS, R> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = Self::LENGTH;
    const PARAMETERS: usize = trained_by_output::<R>(Self::SHAPE_OF_WEIGHTS);
    const FROZEN: usize = FILTERS * Self::GEOMETRY.length() + FILTERS - Self::PARAMETERS;
    const FORGETS_INPUT: bool = !R::WEIGHTS;

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let [rows, others @ ..] = parameters.by_output::<R>(Self::SHAPE_OF_WEIGHTS)?;
        let (geometry, filters) = (Self::GEOMETRY, FILTERS);
        for (input, output) in each_forward::<Self>(input, output)? {
            K::run(Forward { geometry, filters, rows, input, output: &mut *output });
            if R::OUTPUTS.is_some() {
                for rows in others {
                    K::run(Forward { geometry, filters, rows, input, output: &mut *output });
                }
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
        let (weights, biases) = gradient.by_output::<R>(Self::SHAPE_OF_WEIGHTS)?;
        let first = match R::OUTPUTS {
            Some([first, _]) => first,
            None => 0,
        };
        let samples = each_backward::<Self>(input, output_gradient)?;
        let (weights, biases) = (weights.to_add_to(), biases.to_add_to());
        for (input, output_gradient) in samples {
            for slopes in output_gradient.whole_chunks(FILTERS) {
                let slopes = slopes.get(first..).unwrap_or_default();
                for (bias, slope) in biases.iter_mut().zip(slopes) {
                    *bias += slope;
                }
            }
            if R::WEIGHTS {
                K::run(WeightsGradient {
                    geometry: Self::GEOMETRY,
                    filters: FILTERS,
                    first,
                    input,
                    output_gradient,
                    gradient: &mut *weights,
                });
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
        let all = parameters.by_output::<R>(Self::SHAPE_OF_WEIGHTS)?;
        let [rows, ..] = all;
        let (geometry, filters) = (Self::GEOMETRY, FILTERS);
        for (input, output_gradient) in each_backward_input::<Self>(input, output_gradient)? {
            if R::OUTPUTS.is_none() {
                let rows = [rows];
                K::run(InputGradient { geometry, filters, rows, output_gradient, input });
            } else {
                K::run(InputGradient { geometry, filters, rows: all, output_gradient, input });
            }
        }
        Ok(())
    }

    /// He's uniform initialisation of the weights; the biases are zero.
    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        let (filters, length) = (const { trained_outputs::<R>(FILTERS) }, Self::GEOMETRY.length());
        initialise::<R>(theta, filters * length, filters, length, uniform)
    }

    fn filters(tell: &mut impl FnMut(Filter)) {
        let count = const { trained_outputs::<R>(FILTERS) };
        filters::<R>([count, Self::GEOMETRY.length()], count, tell);
    }
}

// The loops know shapes as values, so that they are compiled once for all layers. The numbers of
// filters and of values in a window are at least 1, as the types make sure.

/// Some channels of the output of a sample.
struct Forward<'a, G> {
    geometry: Geometry<G>,
    filters: usize,
    rows: Rows<'a>,
    input: &'a [f32],
    output: &'a mut [f32],
}

impl<G: Gaps> Task for Forward<'_, G> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self) {
        if U::TILE > 0 && self.geometry.fits_filters() {
            return self.several_filters::<U::SimdVector>();
        }
        let Self { geometry, filters, rows: Rows { first, weights, biases }, input, output } = self;
        let length = geometry.length().max(1);
        for (runs, place) in geometry.each().zip(output.whole_chunks_mut(filters)) {
            let place = place.get_mut(first..).unwrap_or_default();
            for (y, bias) in place.iter_mut().zip(biases) {
                *y = *bias;
            }
            for run in runs {
                for (y, weights) in place.iter_mut().zip(weights.whole_chunks(length)) {
                    *y += U::dot(run.of_window(weights), run.of_map(input));
                }
                U::pause();
            }
        }
    }
}

impl<G: Gaps> Forward<'_, G> {
    #[inline(always)]
    fn several_filters<V: SimdVector>(self) {
        let Self { geometry, filters: count, rows, input, output } = self;
        let Rows { first: mut channel, weights, biases } = rows;
        let length = geometry.length().max(1);
        let mut filters = Filters::new();
        let tiles =
            weights.chunks_up_to(length.saturating_mul(LANES)).zip(biases.chunks_up_to(LANES));
        for (weights, biases) in tiles {
            filters.load(length, weights);
            let mut first = [0.0; LANES];
            for (first, bias) in first.iter_mut().zip(biases) {
                *first = *bias;
            }
            for (runs, place) in geometry.each().zip(output.whole_chunks_mut(count)) {
                let mut sums = V::load(&first);
                for run in runs {
                    sums = sums + filters.dot(run.window, run.of_map(input));
                }
                let place = place.get_mut(channel..).unwrap_or_default();
                for ((y, sum), _) in place.iter_mut().zip(sums.store()).zip(biases) {
                    *y = sum;
                }
            }
            // A channel's number fits a usize.
            channel = channel.wrapping_add(LANES);
        }
    }
}

/// The gradient of a sample with respect to the weights of the filters from the first on.
struct WeightsGradient<'a, G> {
    geometry: Geometry<G>,
    filters: usize,
    first: usize,
    input: &'a [f32],
    output_gradient: &'a [f32],
    gradient: &'a mut [f32],
}

impl<G: Gaps> Task for WeightsGradient<'_, G> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self) {
        let Self { geometry, filters, first, input, output_gradient, gradient } = self;
        let length = geometry.length().max(1);
        for (runs, slopes) in geometry.each().zip(output_gradient.whole_chunks(filters)) {
            let slopes = slopes.get(first..).unwrap_or_default();
            for run in runs {
                for (weights, slope) in gradient.whole_chunks_mut(length).zip(slopes).filter(counts)
                {
                    U::add_scaled(run.of_window_mut(weights), *slope, run.of_map(input));
                }
                U::pause();
            }
        }
    }
}

/// The gradient of a sample with respect to its input, by the filters in their order.
struct InputGradient<'a, G, const PARTS: usize> {
    geometry: Geometry<G>,
    filters: usize,
    rows: [Rows<'a>; PARTS],
    output_gradient: &'a [f32],
    input: &'a mut [f32],
}

impl<G: Gaps, const PARTS: usize> Task for InputGradient<'_, G, PARTS> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self) {
        let Self { geometry, filters, rows, output_gradient, input } = self;
        let length = geometry.length().max(1);
        input.fill(0.0);
        for (runs, slopes) in geometry.each().zip(output_gradient.whole_chunks(filters)) {
            for run in runs {
                for Rows { first, weights, .. } in rows {
                    let slopes = slopes.get(first..).unwrap_or_default();
                    for (weights, slope) in weights.whole_chunks(length).zip(slopes).filter(counts)
                    {
                        U::add_scaled(run.of_map_mut(input), *slope, run.of_window(weights));
                    }
                }
                U::pause();
            }
        }
    }
}

/// Whether there is anything to add. Behind rectifiers and pools most slopes are 0.
fn counts<T>((_, slope): &(T, &f32)) -> bool {
    **slope != 0.0
}
