//! Convolutions, and what a fully connected layer is one of.

use super::affine::{Affine, assert_sum_fits, length};
use super::layer::{Buffers, Layer, input_and_output};
use crate::Error;
use crate::chunks::Chunked;
use crate::nn::window::{Gaps, Geometry, InTime, Shape, Sliding};
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
/// assert_eq!(First::BYTES, 4 + 8 * 8 + 8 * 9);
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
    ) -> Result<Buffers<'s>, Error> {
        let affine = Affine::read(bytes, FILTERS, Self::WEIGHTS)?;
        let (input, output) = input_and_output::<Self>(front, back)?;
        convolve(Self::GEOMETRY, FILTERS, affine, input, output);
        Ok((back, front))
    }
}

/// The int8 form of [`nn::Conv1d`](crate::nn::Conv1d): a convolution over a signal `M` in time.
pub type Conv1d<M, W, const FILTERS: usize> = Conv2d<M, InTime<M, W>, FILTERS>;

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
    ) -> Result<Buffers<'s>, Error> {
        let affine = Affine::read(bytes, Self::CHANNELS, Self::WEIGHTS)?;
        let (input, output) = input_and_output::<Self>(front, back)?;
        convolve_channels(Self::GEOMETRY, affine, input, output);
        Ok((back, front))
    }
}

/// Filters whose sums are kept while a window's runs are found: finding them costs more than a
/// short run itself.
const TOGETHER: usize = 8;

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
        for (outputs, filters) in outputs.chunks_up_to_mut(TOGETHER).zip(groups) {
            let mut sums = [0; TOGETHER];
            for run in runs.clone() {
                let values = run.of_map(input);
                for (sum, filter) in sums.iter_mut().zip(filters.whole_chunks(length)) {
                    *sum = dot(*sum, run.of_window(filter), values, zero);
                }
            }
            for ((y, sum), channel) in outputs.iter_mut().zip(sums).zip(&mut channels) {
                *y = affine.range.requantise(sum.wrapping_add(channel.bias), channel.multiplier);
            }
        }
    }
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
        for ((index, y), channel) in (0..channels).zip(outputs).zip(affine.channels()) {
            let mut sum = channel.bias;
            for run in runs.clone() {
                let weights = run.of_window(affine.weights()).whole_chunks(channels);
                let values = run.of_map(input).whole_chunks(channels);
                for (weights, values) in weights.zip(values) {
                    let pair = weights.get(index).zip(values.get(index));
                    sum = pair.map_or(sum, |(weight, value)| add(sum, *weight, *value, zero));
                }
            }
            *y = affine.range.requantise(sum, channel.multiplier);
        }
    }
}

/// By fours: a loop's own instructions are as many as those of a product.
fn dot(mut sum: i32, weights: &[i8], values: &[i8], zero: i32) -> i32 {
    let (weights, last_weights) = weights.as_chunks::<4>();
    let (values, last_values) = values.as_chunks::<4>();
    for (weights, values) in weights.iter().zip(values) {
        for (weight, value) in weights.iter().zip(values) {
            sum = add(sum, *weight, *value, zero);
        }
    }
    for (weight, value) in last_weights.iter().zip(last_values) {
        sum = add(sum, *weight, *value, zero);
    }
    sum
}

/// Adds a product to a sum, which an `i32` holds: [`assert_sum_fits`].
fn add(sum: i32, weight: i8, value: i8, zero: i32) -> i32 {
    let product = i32::from(weight).wrapping_mul(i32::from(value).wrapping_sub(zero));
    sum.wrapping_add(product)
}
