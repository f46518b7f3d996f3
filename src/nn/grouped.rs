//! The convolution of groups of channels.

use super::layer::{Layer, each_backward, each_backward_input, each_forward};
use super::parameters::{
    All, Filter, Gradient, Parameters, Trainable, filters, initialise, trained,
};
use super::window::{Gaps, Geometry, InTime, Run, Shape, Sliding};
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::{Kernels, Task, Unit};
use core::marker::PhantomData;

/// A convolution in `GROUPS`: the channels of the map `M`, and the `FILTERS`, are divided into as
/// many equal parts, in their order, and a filter sees the channels of its own part only.
///
/// With as many groups as channels, every channel has `FILTERS / GROUPS` filters of its own: a
/// depthwise convolution with a multiplier. With one filter each, [`DepthwiseConv2d`] is faster,
/// and with a single group [`Conv2d`] is.
///
/// Parameters: the weights filter by filter, each in the window's order (row, column, channel of
/// the group), then the biases; `R` says which of them are trained.
///
/// Cost of a sample: `windows * window length * FILTERS / GROUPS` multiply-adds forward, and twice
/// that backward (once, where nothing below is trained).
///
/// ```
/// use rolling_ball::nn::{GroupedConv2d, Kernel, Layer, Map, Padding, Shape, Stride, Window};
///
/// type Same = Window<Kernel<3>, Stride<1>, Padding<1>>;
/// type Grouped = GroupedConv2d<Map<14, 14, 8>, Same, 16, 4>;
/// assert_eq!(Grouped::MAP, [14, 14, 16]);
/// assert_eq!(Grouped::PARAMETERS, 16 * 3 * 3 * (8 / 4) + 16);
/// type TwoForEachChannel = GroupedConv2d<Map<14, 14, 8>, Same, 16, 8>;
/// assert_eq!(TwoForEachChannel::PARAMETERS, 16 * 3 * 3 + 16);
/// ```
///
/// Channels or filters that the groups do not divide do not compile:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{GroupedConv2d, Kernel, Layer, Map, Window};
///
/// const _: usize = GroupedConv2d::<Map<14, 14, 8>, Window<Kernel<3>>, 16, 3>::OUTPUTS;
/// ```
///
/// [`Conv2d`]: super::Conv2d
/// [`DepthwiseConv2d`]: super::DepthwiseConv2d
#[derive(Clone, Copy, Debug, Default)]
pub struct GroupedConv2d<M, W, const FILTERS: usize, const GROUPS: usize, R = All>(
    PhantomData<(M, W, R)>,
);

/// [`GroupedConv2d`] on a signal `M` in time.
///
/// ```
/// use rolling_ball::nn::{GroupedConv1d, Kernel, Layer, Signal, Window};
///
/// // Two filters for each axis of an accelerometer.
/// type Motion = GroupedConv1d<Signal<50, 3>, Window<Kernel<5>>, 6, 3>;
/// assert_eq!(Motion::PARAMETERS, 6 * 5 + 6);
/// ```
pub type GroupedConv1d<M, W, const FILTERS: usize, const GROUPS: usize, R = All> =
    GroupedConv2d<M, InTime<M, W>, FILTERS, GROUPS, R>;

impl<M: Shape, W: Sliding, const FILTERS: usize, const GROUPS: usize, R>
    GroupedConv2d<M, W, FILTERS, GROUPS, R>
{
    const GEOMETRY: Geometry<W::Gaps> = {
        assert!(
            GROUPS > 0
                && FILTERS > 0
                && FILTERS.is_multiple_of(GROUPS)
                && M::MAP[2].is_multiple_of(GROUPS),
            "GroupedConv2d<M, W, FILTERS, GROUPS>: expected groups that divide both the channels \
             and the filters"
        );
        Geometry::of::<M, W>()
    };
    const GROUPED: Grouped<W::Gaps> = Grouped {
        geometry: Self::GEOMETRY,
        groups: GROUPS,
        filters: FILTERS / GROUPS,
        length: Self::GEOMETRY.length() / GROUPS,
    };
    const WEIGHTS: usize = FILTERS * Self::GROUPED.length;
}

impl<M: Shape, W: Sliding, const FILTERS: usize, const GROUPS: usize, R> Shape
    for GroupedConv2d<M, W, FILTERS, GROUPS, R>
{
    const MAP: [usize; 3] = Self::GEOMETRY.output(FILTERS);
}

impl<M: Shape, W: Sliding, const FILTERS: usize, const GROUPS: usize, R: Trainable> Layer
    for GroupedConv2d<M, W, FILTERS, GROUPS, R>
{
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = Self::LENGTH;
    const PARAMETERS: usize = trained::<R>(Self::WEIGHTS, FILTERS);
    const FROZEN: usize = Self::WEIGHTS + FILTERS - Self::PARAMETERS;
    const FORGETS_INPUT: bool = !R::WEIGHTS;

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let (weights, biases) = parameters.weights_and_biases::<R>(Self::WEIGHTS, FILTERS)?;
        for (input, output) in each_forward::<Self>(input, output)? {
            K::run(Forward { grouped: Self::GROUPED, weights, biases, input, output });
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
        let (weights, biases) = gradient.weights_and_biases::<R>(Self::WEIGHTS, FILTERS)?;
        let samples = each_backward::<Self>(input, output_gradient)?;
        let (weights, biases) = (weights.to_add_to(), biases.to_add_to());
        for (input, output_gradient) in samples {
            for slopes in output_gradient.whole_chunks(FILTERS) {
                for (bias, slope) in biases.iter_mut().zip(slopes) {
                    *bias += slope;
                }
            }
            if R::WEIGHTS {
                let (grouped, gradient) = (Self::GROUPED, &mut *weights);
                K::run(WeightsGradient { grouped, input, output_gradient, gradient });
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
        let (weights, _) = parameters.weights_and_biases::<R>(Self::WEIGHTS, FILTERS)?;
        for (input, output_gradient) in each_backward_input::<Self>(input, output_gradient)? {
            K::run(InputGradient { grouped: Self::GROUPED, weights, output_gradient, input });
        }
        Ok(())
    }

    /// He's uniform initialisation of the weights; the biases are zero.
    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        initialise::<R>(theta, Self::WEIGHTS, FILTERS, Self::GROUPED.length, uniform)
    }

    fn filters(tell: &mut impl FnMut(Filter)) {
        filters::<R>([FILTERS, Self::GROUPED.length], FILTERS, tell);
    }
}

// The loops know shapes as values, so that they are compiled once for all layers.

/// A window on a map in groups.
#[derive(Clone, Copy)]
struct Grouped<G> {
    geometry: Geometry<G>,
    groups: usize,
    /// Filters of a group.
    filters: usize,
    /// Weights of a filter.
    length: usize,
}

impl<G: Gaps> Grouped<G> {
    /// Channels of a group: at least one, which the compiler cannot know of a value.
    fn channels(self) -> usize {
        (self.geometry.channels() / self.groups.max(1)).max(1)
    }

    /// Weights of all filters of a group: a number of parameters, which a usize can count.
    fn weights(self) -> usize {
        self.length.wrapping_mul(self.filters)
    }

    /// Where the weights of each position of a run begin in a filter.
    fn taps(self, run: Run) -> impl Iterator<Item = usize> {
        (run.window / self.groups.max(1)..self.length).step_by(self.channels())
    }
}

/// The weights of a filter for one position.
fn tap(weights: &[f32], start: usize, channels: usize) -> &[f32] {
    weights.get(start..start.wrapping_add(channels)).unwrap_or_default()
}

/// The output of a sample.
struct Forward<'a, G> {
    grouped: Grouped<G>,
    weights: &'a [f32],
    biases: &'a [f32],
    input: &'a [f32],
    output: &'a mut [f32],
}

impl<G: Gaps> Task for Forward<'_, G> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self) {
        let Self { grouped, weights, biases, input, output } = self;
        let (channels, all) = (grouped.channels(), grouped.geometry.channels());
        for (runs, place) in grouped.geometry.each().zip(output.whole_chunks_mut(biases.len())) {
            for (y, bias) in place.iter_mut().zip(biases) {
                *y = *bias;
            }
            for run in runs {
                for (start, x) in grouped.taps(run).zip(run.of_map(input).whole_chunks(all)) {
                    let groups = x
                        .whole_chunks(channels)
                        .zip(place.whole_chunks_mut(grouped.filters))
                        .zip(weights.whole_chunks(grouped.weights()));
                    for ((x, place), weights) in groups {
                        for (y, weights) in
                            place.iter_mut().zip(weights.whole_chunks(grouped.length))
                        {
                            *y += U::dot(tap(weights, start, channels), x);
                        }
                    }
                }
                U::pause();
            }
        }
    }
}

/// The gradient of a sample with respect to the weights.
struct WeightsGradient<'a, G> {
    grouped: Grouped<G>,
    input: &'a [f32],
    output_gradient: &'a [f32],
    gradient: &'a mut [f32],
}

impl<G: Gaps> Task for WeightsGradient<'_, G> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self) {
        let Self { grouped, input, output_gradient, gradient } = self;
        let (channels, all) = (grouped.channels(), grouped.geometry.channels());
        let filters = grouped.filters.wrapping_mul(grouped.groups);
        for (runs, slopes) in grouped.geometry.each().zip(output_gradient.whole_chunks(filters)) {
            for run in runs {
                for (start, x) in grouped.taps(run).zip(run.of_map(input).whole_chunks(all)) {
                    let groups = x
                        .whole_chunks(channels)
                        .zip(slopes.whole_chunks(grouped.filters))
                        .zip(gradient.whole_chunks_mut(grouped.weights()));
                    for ((x, slopes), weights) in groups {
                        for (weights, slope) in weights.whole_chunks_mut(grouped.length).zip(slopes)
                        {
                            let end = start.wrapping_add(channels);
                            let tap = weights.get_mut(start..end).unwrap_or_default();
                            U::add_scaled(tap, *slope, x);
                        }
                    }
                }
                U::pause();
            }
        }
    }
}

/// The gradient of a sample with respect to its input.
struct InputGradient<'a, G> {
    grouped: Grouped<G>,
    weights: &'a [f32],
    output_gradient: &'a [f32],
    input: &'a mut [f32],
}

impl<G: Gaps> Task for InputGradient<'_, G> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self) {
        let Self { grouped, weights, output_gradient, input } = self;
        let (channels, all) = (grouped.channels(), grouped.geometry.channels());
        let filters = grouped.filters.wrapping_mul(grouped.groups);
        input.fill(0.0);
        for (runs, slopes) in grouped.geometry.each().zip(output_gradient.whole_chunks(filters)) {
            for run in runs {
                let positions = run.of_map_mut(input).whole_chunks_mut(all);
                for (start, x) in grouped.taps(run).zip(positions) {
                    let groups = x
                        .whole_chunks_mut(channels)
                        .zip(slopes.whole_chunks(grouped.filters))
                        .zip(weights.whole_chunks(grouped.weights()));
                    for ((x, slopes), weights) in groups {
                        for (weights, slope) in weights.whole_chunks(grouped.length).zip(slopes) {
                            U::add_scaled(x, *slope, tap(weights, start, channels));
                        }
                    }
                }
                U::pause();
            }
        }
    }
}
