//! Convolutions, and what a fully connected layer is one of.

use super::affine::{Affine, assert_sum_fits, length};
use super::layer::{Buffers, Differentiable, Layer, input_and_output};
use crate::Error;
use crate::chunks::Chunked;
use crate::nn::window::{Gaps, Geometry, InTime, Shape, Sliding};
use crate::nn::{Kernel, Window};
use core::array::from_fn;
use core::marker::PhantomData;

/// The int8 form of [`nn::Conv2d`](crate::nn::Conv2d): `FILTERS` windows `W` that slide over the
/// map `M`.
///
/// Cost: as many multiply-adds, in `i32`.
///
/// ```
/// use rolling_ball::nn::int8::{Conv2d, Layer};
/// use rolling_ball::nn::{Kernel, Map, Padding, Shape, Stride, Window};
///
/// type First = Conv2d<Map<28, 28, 1>, Window<Kernel<3>, Stride<2>, Padding<1>>, 8>;
/// assert_eq!(First::MAP, [14, 14, 8]);
/// // Zeros and clamps; a multiplier and a bias for each filter; weights.
/// assert_eq!(First::BYTES, 4 + 8 * 9 + 8 * 9);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Conv2d<M, W, const FILTERS: usize>(PhantomData<(M, W)>);

impl<M: Shape, W: Sliding, const FILTERS: usize> Conv2d<M, W, FILTERS> {
    const GEOMETRY: Geometry<W::Gaps> = {
        assert!(FILTERS > 0, "int8::Conv2d: expected at least one filter");
        let geometry = Geometry::of::<M, W>();
        assert_sum_fits(geometry.length());
        geometry
    };
    const WEIGHTS: usize = Self::GEOMETRY.length() * FILTERS;
}

impl<M: Shape, W: Sliding, const FILTERS: usize> Shape for Conv2d<M, W, FILTERS> {
    const MAP: [usize; 3] = Self::GEOMETRY.output(FILTERS);
}

impl<M: Shape, W: Sliding, const FILTERS: usize> Layer for Conv2d<M, W, FILTERS> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = Self::LENGTH;
    const BYTES: usize = length(FILTERS, Self::WEIGHTS);

    fn check(bytes: &[u8]) -> Result<(), Error> {
        Affine::read(bytes, FILTERS, Self::WEIGHTS)?.check()
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        _inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let affine = Affine::read(bytes, FILTERS, Self::WEIGHTS)?;
        let (input, output) = input_and_output::<Self>(front, back)?;
        convolve(Self::GEOMETRY, FILTERS, affine, input, output);
        Ok((back, front))
    }
}

impl<M: Shape, W: Sliding, const FILTERS: usize> Differentiable for Conv2d<M, W, FILTERS> {
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
        input_gradient(Self::GEOMETRY, affine, unit, slopes, gradient);
        Ok(())
    }
}

/// The int8 form of [`nn::Conv1d`](crate::nn::Conv1d): a convolution over a signal `M` in time.
pub type Conv1d<M, W, const FILTERS: usize> = Conv2d<M, InTime<M, W>, FILTERS>;

/// The int8 form of [`nn::PointwiseConv2d`](crate::nn::PointwiseConv2d): a dense layer at each
/// position.
pub type PointwiseConv2d<M, const FILTERS: usize> = Conv2d<M, Window<Kernel<1>>, FILTERS>;

/// The int8 form of [`nn::DepthwiseConv2d`](crate::nn::DepthwiseConv2d): a window of its own for
/// each channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct DepthwiseConv2d<M, W>(PhantomData<(M, W)>);

impl<M: Shape, W: Sliding> DepthwiseConv2d<M, W> {
    const GEOMETRY: Geometry<W::Gaps> = {
        let geometry = Geometry::of::<M, W>();
        assert_sum_fits(geometry.length());
        geometry
    };
    const CHANNELS: usize = M::MAP[2];
    const WEIGHTS: usize = Self::GEOMETRY.length();
}

impl<M: Shape, W: Sliding> Shape for DepthwiseConv2d<M, W> {
    const MAP: [usize; 3] = Self::GEOMETRY.output(Self::CHANNELS);
}

impl<M: Shape, W: Sliding> Layer for DepthwiseConv2d<M, W> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = Self::LENGTH;
    const BYTES: usize = length(Self::CHANNELS, Self::WEIGHTS);

    fn check(bytes: &[u8]) -> Result<(), Error> {
        Affine::read(bytes, Self::CHANNELS, Self::WEIGHTS)?.check()
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        _inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let affine = Affine::read(bytes, Self::CHANNELS, Self::WEIGHTS)?;
        let (input, output) = input_and_output::<Self>(front, back)?;
        convolve_channels(Self::GEOMETRY, affine, input, output);
        Ok((back, front))
    }
}

impl<M: Shape, W: Sliding> Differentiable for DepthwiseConv2d<M, W> {
    fn clamps(bytes: &[u8]) -> Result<[i8; 2], Error> {
        Ok(Affine::read(bytes, Self::CHANNELS, Self::WEIGHTS)?.range.clamps())
    }

    fn input_gradient(
        bytes: &[u8],
        unit: f32,
        slopes: impl Iterator<Item = f32>,
        gradient: &mut [f32],
    ) -> Result<(), Error> {
        let affine = Affine::read(bytes, Self::CHANNELS, Self::WEIGHTS)?;
        input_gradient_by_channel(Self::GEOMETRY, affine, unit, slopes, gradient);
        Ok(())
    }
}

/// The int8 form of [`nn::DepthwiseConv1d`](crate::nn::DepthwiseConv1d).
pub type DepthwiseConv1d<M, W> = DepthwiseConv2d<M, InTime<M, W>>;

/// A scale and a shift for each channel of the map `M`: a depthwise convolution of one position.
pub type ScaleShift<M> = DepthwiseConv2d<M, Window<Kernel<1>>>;

/// Outputs that are summed at once, so that a value is read once for all of them and the sums stay
/// in registers.
pub(super) const TOGETHER: usize = 4;

pub(super) fn convolve(
    geometry: Geometry<impl Gaps>,
    filters: usize,
    affine: Affine,
    input: &[i8],
    output: &mut [i8],
) {
    let zero = affine.range.input_zero;
    // Neither is 0, which only the types know.
    let (filters, length) = (filters.max(1), geometry.length().max(1));
    for (runs, outputs) in geometry.each().zip(output.whole_chunks_mut(filters)) {
        let mut channels = affine.channels();
        let groups = affine.weights().chunks_up_to(length.saturating_mul(TOGETHER));
        for (outputs, group) in outputs.chunks_up_to_mut(TOGETHER).zip(groups) {
            let filters = of_each(group, length);
            let mut sums = [0; TOGETHER];
            for run in runs.clone() {
                let weights = filters.map(|filter| run.of_window(filter));
                add_each(&mut sums, weights, run.of_map(input), zero);
            }
            for ((y, sum), channel) in outputs.iter_mut().zip(sums).zip(&mut channels) {
                *y = affine.output(sum, channel);
            }
        }
    }
}

/// The filters of a group. Where they are fewer, the first stands in, and its sum goes nowhere.
pub(super) fn of_each(group: &[i8], length: usize) -> [&[i8]; TOGETHER] {
    let mut each = group.whole_chunks(length);
    from_fn(|_| each.next().unwrap_or(group))
}

fn convolve_channels(
    geometry: Geometry<impl Gaps>,
    affine: Affine,
    input: &[i8],
    output: &mut [i8],
) {
    let zero = affine.range.input_zero;
    let channels = geometry.channels();
    for (runs, outputs) in geometry.each().zip(output.whole_chunks_mut(channels)) {
        let mut each = affine.channels();
        let mut first = 0_usize;
        for outputs in outputs.chunks_up_to_mut(TOGETHER) {
            let mut sums = [0; TOGETHER];
            for run in runs.clone() {
                let weights = run.of_window(affine.weights()).whole_chunks(channels);
                let values = run.of_map(input).whole_chunks(channels);
                for (weights, values) in weights.zip(values) {
                    let weights = weights.get(first..).unwrap_or_default();
                    add_by_channel(
                        &mut sums,
                        weights,
                        values.get(first..).unwrap_or_default(),
                        zero,
                    );
                }
            }
            for ((y, sum), channel) in outputs.iter_mut().zip(sums).zip(&mut each) {
                *y = affine.output(sum, channel);
            }
            first = first.wrapping_add(TOGETHER);
        }
    }
}

/// The gradient with respect to the input of a convolution. What has a slope of 0 costs nothing.
pub(super) fn input_gradient(
    geometry: Geometry<impl Gaps>,
    affine: Affine,
    unit: f32,
    mut slopes: impl Iterator<Item = f32>,
    gradient: &mut [f32],
) {
    gradient.fill(0.0);
    for runs in geometry.each() {
        let filters = affine.weights().whole_chunks(geometry.length()).zip(affine.channels());
        for ((weights, channel), slope) in filters.zip(&mut slopes).filter(counts) {
            let slope = slope * (channel.factor.value() * unit);
            for run in runs.clone() {
                for (x, weight) in run.of_map_mut(gradient).iter_mut().zip(run.of_window(weights)) {
                    *x += slope * f32::from(*weight);
                }
            }
        }
    }
}

fn input_gradient_by_channel(
    geometry: Geometry<impl Gaps>,
    affine: Affine,
    unit: f32,
    mut slopes: impl Iterator<Item = f32>,
    gradient: &mut [f32],
) {
    let channels = geometry.channels();
    gradient.fill(0.0);
    for runs in geometry.each() {
        let each = (0..channels).zip(affine.channels());
        for ((place, channel), slope) in each.zip(&mut slopes).filter(counts) {
            let slope = slope * (channel.factor.value() * unit);
            for run in runs.clone() {
                let weights = run.of_window(affine.weights()).whole_chunks(channels);
                let positions = run.of_map_mut(gradient).whole_chunks_mut(channels);
                for (values, weights) in positions.zip(weights) {
                    if let Some((x, weight)) = values.get_mut(place).zip(weights.get(place)) {
                        *x += slope * f32::from(*weight);
                    }
                }
            }
        }
    }
}

/// Whether there is anything to add.
pub(super) fn counts<T>((_, slope): &(T, f32)) -> bool {
    *slope != 0.0
}

/// Adds the products of the same values with several filters, each to its sum.
pub(super) fn add_each(
    sums: &mut [i32; TOGETHER],
    filters: [&[i8]; TOGETHER],
    values: &[i8],
    zero: i32,
) {
    let [mut first, mut second, mut third, mut fourth] = *sums;
    let [a, b, c, d] = filters;
    for ((((a, b), c), d), value) in a.iter().zip(b).zip(c).zip(d).zip(values) {
        let value = i32::from(*value).wrapping_sub(zero);
        first = add(first, *a, value);
        second = add(second, *b, value);
        third = add(third, *c, value);
        fourth = add(fourth, *d, value);
    }
    *sums = [first, second, third, fourth];
}

/// Adds the products of neighbouring channels with their weights, each to its sum.
#[inline(always)]
fn add_by_channel(sums: &mut [i32; TOGETHER], weights: &[i8], values: &[i8], zero: i32) {
    let value = |value: i8| i32::from(value).wrapping_sub(zero);
    if let Some((weights, values)) = weights.first_chunk().zip(values.first_chunk::<TOGETHER>()) {
        let weights: &[i8; TOGETHER] = weights;
        for ((sum, weight), x) in sums.iter_mut().zip(weights).zip(values) {
            *sum = add(*sum, *weight, value(*x));
        }
        return;
    }
    for ((sum, weight), x) in sums.iter_mut().zip(weights).zip(values) {
        *sum = add(*sum, *weight, value(*x));
    }
}

/// Adds a product to a sum, which an `i32` holds: [`assert_sum_fits`].
#[inline(always)]
fn add(sum: i32, weight: i8, value: i32) -> i32 {
    sum.wrapping_add(i32::from(weight).wrapping_mul(value))
}
