//! The convolution of groups of channels.

use super::affine::{Affine, assert_sum_fits, length};
use super::convolution::{copy, counts, multiply};
use super::layer::{Buffers, Differentiable, Layer, buffer, input_and_output};
use crate::Error;
use crate::chunks::Chunked;
use crate::nn::window::{Gaps, Geometry, InTime, Shape, Sliding};
use core::marker::PhantomData;

/// The int8 form of [`nn::GroupedConv2d`](crate::nn::GroupedConv2d): each of `GROUPS` parts of the
/// filters sees its part of the channels. RAM beside the two buffers: a window of such a part.
///
/// ```
/// use rolling_ball::nn::int8::{GroupedConv2d, Layer};
/// use rolling_ball::nn::{Kernel, Map, Padding, Shape, Stride, Window};
///
/// type Same = Window<Kernel<3>, Stride<1>, Padding<1>>;
/// type Grouped = GroupedConv2d<Map<14, 14, 8>, Same, 16, 4>;
/// assert_eq!(Grouped::MAP, [14, 14, 16]);
/// assert_eq!(Grouped::BYTES, 4 + 16 * 9 + 16 * 3 * 3 * (8 / 4));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct GroupedConv2d<M, W, const FILTERS: usize, const GROUPS: usize>(PhantomData<(M, W)>);

impl<M: Shape, W: Sliding, const FILTERS: usize, const GROUPS: usize>
    GroupedConv2d<M, W, FILTERS, GROUPS>
{
    const GEOMETRY: Geometry<W::Gaps> = {
        assert!(
            GROUPS > 0
                && FILTERS > 0
                && FILTERS.is_multiple_of(GROUPS)
                && M::MAP[2].is_multiple_of(GROUPS),
            "int8::GroupedConv2d: expected groups that divide both the channels and the filters"
        );
        Geometry::of::<M, W>()
    };
    /// Of the channels that a filter sees.
    const OF_GROUP: Geometry<W::Gaps> = {
        let [height, width, channels] = Self::GEOMETRY.map;
        let geometry = Geometry { map: [height, width, channels / GROUPS], ..Self::GEOMETRY };
        assert_sum_fits(geometry.length());
        geometry
    };
    const WEIGHTS: usize = Self::OF_GROUP.length() * FILTERS;
}

impl<M: Shape, W: Sliding, const FILTERS: usize, const GROUPS: usize> Shape
    for GroupedConv2d<M, W, FILTERS, GROUPS>
{
    const MAP: [usize; 3] = Self::GEOMETRY.output(FILTERS);
}

impl<M: Shape, W: Sliding, const FILTERS: usize, const GROUPS: usize> Layer
    for GroupedConv2d<M, W, FILTERS, GROUPS>
{
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = Self::LENGTH;
    const BYTES: usize = length(FILTERS, Self::WEIGHTS);
    const INSIDE: usize = Self::OF_GROUP.length();

    fn check(bytes: &[u8]) -> Result<(), Error> {
        Affine::read(bytes, FILTERS, Self::WEIGHTS)?.check()
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let affine = Affine::read(bytes, FILTERS, Self::WEIGHTS)?;
        let (input, output) = input_and_output::<Self>(front, back)?;
        let geometries = [Self::GEOMETRY, Self::OF_GROUP];
        let window = buffer(inside, Self::INSIDE)?.0;
        convolve_groups(geometries, [FILTERS, FILTERS / GROUPS], affine, input, output, window);
        Ok((back, front))
    }
}

/// The int8 form of [`nn::GroupedConv1d`](crate::nn::GroupedConv1d).
pub type GroupedConv1d<M, W, const FILTERS: usize, const GROUPS: usize> =
    GroupedConv2d<M, InTime<M, W>, FILTERS, GROUPS>;

impl<M: Shape, W: Sliding, const FILTERS: usize, const GROUPS: usize> Differentiable
    for GroupedConv2d<M, W, FILTERS, GROUPS>
{
    fn clamps(bytes: &[u8]) -> Result<[i8; 2], Error> {
        Ok(Affine::read(bytes, FILTERS, Self::WEIGHTS)?.range.clamps())
    }

    fn input_gradient(
        bytes: &[u8],
        unit: f32,
        slopes: impl Iterator<Item = f32>,
        gradient: &mut [f32],
    ) -> Result<(), Error> {
        let affine = Affine::read(bytes, FILTERS, Self::WEIGHTS)?;
        let geometries = [Self::GEOMETRY, Self::OF_GROUP];
        input_gradient_by_group(geometries, FILTERS / GROUPS, affine, unit, slopes, gradient);
        Ok(())
    }
}

/// The runs of all channels are those of the map, the runs of a group's those of its filters.
fn convolve_groups<G: Gaps>(
    [all, of_group]: [Geometry<G>; 2],
    [filters, filters_of_group]: [usize; 2],
    affine: Affine,
    input: &[i8],
    output: &mut [i8],
    window: &mut [i8],
) {
    let zero = affine.range.padding();
    let (channels, channels_of_group) = (all.channels(), of_group.channels());
    let length = of_group.length();
    let window = window.get_mut(..length).unwrap_or_default();
    let windows = all.each().zip(of_group.each());
    for ((runs, runs_of_group), outputs) in windows.zip(output.whole_chunks_mut(filters)) {
        let mut first = 0_usize;
        let mut first_filter = 0_usize;
        for outputs in outputs.whole_chunks_mut(filters_of_group) {
            window.fill(zero);
            for (run, of_group) in runs.clone().zip(runs_of_group.clone()) {
                let places = of_group.of_window_mut(window).whole_chunks_mut(channels_of_group);
                for (places, values) in places.zip(run.of_map(input).whole_chunks(channels)) {
                    let values = values.get(first..).unwrap_or_default();
                    copy(values.get(..places.len()).unwrap_or_default(), places);
                }
            }
            let filters = affine.part(first_filter, filters_of_group, length);
            multiply([length, filters_of_group], filters, window, outputs);
            first = first.wrapping_add(channels_of_group);
            first_filter = first_filter.wrapping_add(filters_of_group);
        }
    }
}

fn input_gradient_by_group<G: Gaps>(
    [all, of_group]: [Geometry<G>; 2],
    filters_of_group: usize,
    affine: Affine,
    unit: f32,
    mut slopes: impl Iterator<Item = f32>,
    gradient: &mut [f32],
) {
    let (channels, channels_of_group) = (all.channels(), of_group.channels());
    let of_each_group = of_group.length().saturating_mul(filters_of_group);
    gradient.fill(0.0);
    for (runs, runs_of_group) in all.each().zip(of_group.each()) {
        let mut each = affine.channels();
        let mut first = 0_usize;
        for weights in affine.weights().whole_chunks(of_each_group) {
            let filters = weights.whole_chunks(of_group.length()).zip(&mut each);
            for ((weights, channel), slope) in filters.zip(&mut slopes).filter(counts) {
                let slope = slope * (channel.factor.value() * unit);
                for (run, of_group) in runs.clone().zip(runs_of_group.clone()) {
                    let weights = of_group.of_window(weights).whole_chunks(channels_of_group);
                    let positions = run.of_map_mut(gradient).whole_chunks_mut(channels);
                    for (values, weights) in positions.zip(weights) {
                        let values = values.get_mut(first..).unwrap_or_default();
                        for (x, weight) in values.iter_mut().zip(weights) {
                            *x += slope * f32::from(*weight);
                        }
                    }
                }
            }
            first = first.wrapping_add(channels_of_group);
        }
    }
}
