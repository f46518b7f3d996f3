//! Convolutions, and what a fully connected layer is one of.

use super::affine::{Affine, Channels, Range, assert_sum_fits, length};
use super::layer::{Buffers, Differentiable, Layer, buffer, input_and_output};
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::bytes::{
    ROWS, Rows, columns_times, many_columns_times, some_columns_times, some_rows_times,
};
use crate::kernels::{Active, Kernels, Task, Unit};
use crate::nn::window::{Gaps, Geometry, InTime, Run, Shape, Sliding};
use crate::nn::{Kernel, Window};
use core::marker::PhantomData;

/// The int8 form of [`nn::Conv2d`](crate::nn::Conv2d): `FILTERS` windows `W` that slide over the
/// map `M`.
///
/// Cost: as many multiply-adds, in `i32`. RAM beside the two buffers: four windows, where a window
/// is more than a position.
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
    const INSIDE: usize = inside(Self::GEOMETRY, TILES);

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
        let tiles = buffer(inside, Self::INSIDE)?.0;
        convolve(Self::GEOMETRY, FILTERS, affine, input, output, tiles);
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
/// each channel. RAM beside the two buffers: a window, where it is more than a position.
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
    const INSIDE: usize = inside(Self::GEOMETRY, 1);

    fn check(bytes: &[u8]) -> Result<(), Error> {
        Affine::read(bytes, Self::CHANNELS, Self::WEIGHTS)?.check()
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let affine = Affine::read(bytes, Self::CHANNELS, Self::WEIGHTS)?;
        let (input, output) = input_and_output::<Self>(front, back)?;
        let window = buffer(inside, Self::INSIDE)?.0;
        convolve_channels(Self::GEOMETRY, affine, input, output, window);
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

/// How many windows are [gathered](gather) before they are multiplied, so that what a group of
/// filters has to itself is read once for all of them.
const TILES: usize = 4;

/// Bytes beside the two buffers for so many windows, where they must be [gathered](gather).
pub(super) const fn inside<G: Gaps>(geometry: Geometry<G>, windows: usize) -> usize {
    let [rows, columns] = geometry.windows;
    let windows = if rows * columns < windows { rows * columns } else { windows };
    if geometry.tiles() { 0 } else { windows * geometry.length() }
}

pub(super) fn convolve(
    geometry: Geometry<impl Gaps>,
    filters: usize,
    affine: Affine,
    input: &[i8],
    output: &mut [i8],
    tiles: &mut [i8],
) {
    let length = geometry.length();
    if geometry.tiles() {
        return multiply([length, filters], affine, input, output);
    }
    let mut each = geometry.each();
    for outputs in output.chunks_up_to_mut(filters.saturating_mul(TILES)) {
        for (window, runs) in tiles.whole_chunks_mut(length).zip(&mut each) {
            gather(runs, input, window, affine.range.padding());
        }
        multiply([length, filters], affine, tiles, outputs);
    }
}

/// The outputs of all filters for windows that lie one after another. The filters of a group go
/// over all windows before the next ones do.
pub(super) fn multiply(
    [length, filters]: [usize; 2],
    affine: Affine,
    input: &[i8],
    output: &mut [i8],
) {
    let mut first = 0_usize;
    let groups = affine.weights().whole_chunks(length.saturating_mul(ROWS));
    for (channels, weights) in affine.groups().zip(groups) {
        let outputs = output.get_mut(first..).unwrap_or_default();
        multiply_group([length, filters], channels, weights, affine.range, input, outputs);
        first = first.wrapping_add(ROWS);
    }
    if first < filters {
        let windows = input.whole_chunks(length).zip(output.whole_chunks_mut(filters));
        for (window, outputs) in windows {
            left(affine, first, window, outputs);
        }
    }
}

/// The outputs of a group, the first of which is the first of these. It is by itself so that what
/// one loop needs stays in registers.
#[inline(never)]
fn multiply_group(
    [length, filters]: [usize; 2],
    channels: Channels,
    weights: &[i8],
    range: Range,
    input: &[i8],
    output: &mut [i8],
) {
    Active::run(Group { length, filters, channels, weights, range, input, output });
}

/// What a group of filters does with all windows, compiled for every vector unit.
struct Group<'a> {
    length: usize,
    filters: usize,
    channels: Channels<'a>,
    weights: &'a [i8],
    range: Range,
    input: &'a [i8],
    output: &'a mut [i8],
}

impl Task for Group<'_> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self) {
        let Self { length, filters, channels, weights, range, input, output } = self;
        let rows = Rows::on::<U>(weights, length, channels.biases(), range.padding());
        match channels.by_high_words(range) {
            Some(_) if cfg!(mve) && input.len() > length => {
                let requantization = channels.requantization(range);
                let mut sums = [[0; ROWS]; TILES];
                let several = output.chunks_up_to_mut(filters.saturating_mul(TILES));
                for (windows, outputs) in
                    input.chunks_up_to(length.saturating_mul(TILES)).zip(several)
                {
                    let mut count = 0_usize;
                    for (sums, window) in sums.iter_mut().zip(windows.whole_chunks(length)) {
                        *sums = rows.times_on::<U>(window);
                        count = count.wrapping_add(1);
                    }
                    let sums = sums.get(..count).unwrap_or_default();
                    requantization.write_windows(sums, filters, outputs);
                }
            }
            by_high_words => {
                let windows = input.whole_chunks(length).zip(output.chunks_up_to_mut(filters));
                let each = windows
                    .filter_map(|(window, outputs)| Some((window, outputs.first_chunk_mut()?)));
                match by_high_words {
                    Some(by_high_words) => each.for_each(|(window, outputs)| {
                        by_high_words.write(rows.times_on::<U>(window), outputs)
                    }),
                    None => each.for_each(|(window, outputs)| {
                        channels.write(range, rows.times_on::<U>(window), outputs)
                    }),
                }
            }
        }
    }
}

/// Those of the outputs from the first one on, which are fewer than a group.
#[inline(never)]
fn left(affine: Affine, first: usize, window: &[i8], outputs: &mut [i8]) {
    let weights = affine.weights().get(first.saturating_mul(window.len())..).unwrap_or_default();
    let (biases, zero) = (affine.biases_left(), affine.range.padding());
    let sums = some_rows_times(weights, biases, window, zero);
    affine.left(sums, outputs.get_mut(first..).unwrap_or_default());
}

/// Copies the values of a window side by side. What lies in the padding is the zero, which adds
/// nothing.
pub(super) fn gather(
    runs: impl Iterator<Item = Run> + Clone,
    input: &[i8],
    window: &mut [i8],
    zero: i8,
) {
    // Fewer than a usize can count.
    let seen = runs.clone().fold(0_usize, |sum, run| sum.wrapping_add(run.length));
    if seen < window.len() {
        window.fill(zero);
    }
    for run in runs {
        copy(run.of_map(input), run.of_window_mut(window));
    }
}

/// Copies values, a word at a time as far as they go, which vectors need not.
#[inline(always)]
pub(super) fn copy(values: &[i8], places: &mut [i8]) {
    let words = if cfg!(mve) { 0 } else { values.len() & !3 };
    let (words, rest) = values.split_at_checked(words).unwrap_or_default();
    let (to_words, to_rest) = places.split_at_mut_checked(words.len()).unwrap_or_default();
    let (words, to_words) = (words.as_chunks::<4>().0, to_words.as_chunks_mut().0);
    for (place, value) in to_words.iter_mut().zip(words) {
        *place = *value;
    }
    for (place, value) in to_rest.iter_mut().zip(rest) {
        *place = *value;
    }
}

fn convolve_channels(
    geometry: Geometry<impl Gaps>,
    affine: Affine,
    input: &[i8],
    output: &mut [i8],
    window: &mut [i8],
) {
    let (width, by_high_words) = (geometry.channels(), affine.is_by_high_words());
    // Here, so that they are cleared once only.
    let mut sums = [0; SEVERAL];
    if geometry.tiles() {
        let windows = input.whole_chunks(geometry.length()).zip(output.whole_chunks_mut(width));
        for (values, outputs) in windows {
            multiply_channels(affine, by_high_words, values, width, &mut sums, outputs);
        }
        return;
    }
    let window = window.get_mut(..geometry.length()).unwrap_or_default();
    for (runs, outputs) in geometry.each().zip(output.whole_chunks_mut(width)) {
        gather(runs, input, window, affine.range.padding());
        multiply_channels(affine, by_high_words, window, width, &mut sums, outputs);
    }
}

/// How many sums of channels are kept at a time, where there are vectors to compute them.
const SEVERAL: usize = if cfg!(mve) { 64 } else { 0 };

/// The outputs of all channels for one window.
#[inline(always)]
fn multiply_channels(
    affine: Affine,
    by_high_words: bool,
    values: &[i8],
    width: usize,
    sums: &mut [i32; SEVERAL],
    outputs: &mut [i8],
) {
    let mut first = 0;
    if cfg!(mve) && by_high_words {
        first = multiply_vectors(affine, values, width, sums, outputs);
    }
    if first < outputs.len() {
        multiply_some_channels(affine, values, width, first, outputs);
    }
}

/// The outputs from this channel on. Where vectors have done the most it is by itself, so that the
/// registers are theirs.
#[cfg_attr(mve, inline(never))]
#[cfg_attr(not(mve), inline(always))]
fn multiply_some_channels(
    affine: Affine,
    values: &[i8],
    width: usize,
    first: usize,
    outputs: &mut [i8],
) {
    let first = multiply_columns(affine, values, width, first, outputs);
    if let Some(outputs) = outputs.get_mut(first..).filter(|outputs| !outputs.is_empty()) {
        let weights = affine.weights().get(first..).unwrap_or_default();
        let values = values.get(first..).unwrap_or_default();
        let mut sums = some_columns_times(weights, values, width, affine.range.padding());
        for (sum, bias) in sums.iter_mut().zip(affine.biases_left()) {
            *sum = sum.wrapping_add(bias);
        }
        affine.left(sums, outputs);
    }
}

/// The outputs of channels in eights, several of these at a time; how many these are.
#[inline(never)]
fn multiply_vectors(
    affine: Affine,
    values: &[i8],
    width: usize,
    sums: &mut [i32; SEVERAL],
    outputs: &mut [i8],
) -> usize {
    let (mut first, zero) = (0_usize, affine.range.padding());
    let eights = outputs.len() & !7;
    for outputs in outputs.get_mut(..eights).unwrap_or_default().chunks_up_to_mut(SEVERAL) {
        let count = outputs.len();
        let sums = sums.get_mut(..count).unwrap_or_default();
        let weights = affine.weights().get(first..).unwrap_or_default();
        let values = values.get(first..).unwrap_or_default();
        many_columns_times(weights, values, width, zero, sums);
        affine.write_products(first, sums, outputs);
        first = first.wrapping_add(count);
    }
    first
}

/// The outputs from this channel on, a group at a time, as far as groups go; where they end.
#[inline(always)]
fn multiply_columns(
    affine: Affine,
    values: &[i8],
    width: usize,
    mut first: usize,
    outputs: &mut [i8],
) -> usize {
    let (range, zero) = (affine.range, affine.range.padding());
    let groups = affine.part(first, width.wrapping_sub(first), 0).groups();
    let outputs = outputs.get_mut(first..).unwrap_or_default().as_chunks_mut().0;
    for (outputs, channels) in outputs.iter_mut().zip(groups) {
        let weights = affine.weights().get(first..).unwrap_or_default();
        let values = values.get(first..).unwrap_or_default();
        channels.write_products(range, columns_times(weights, values, width, zero), outputs);
        first = first.wrapping_add(ROWS);
    }
    first
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
