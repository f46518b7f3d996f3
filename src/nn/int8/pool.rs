//! Pools: the largest or the mean value in a window, channel by channel.

use super::affine::{Range, assert_sum_fits};
use super::factor::{self, Factor};
use super::layer::{Buffers, Layer, PARAMETERS, input_and_output};
use crate::Error;
use crate::chunks::Chunked;
use crate::nn::Padding;
use crate::nn::window::{Border, Bounds, Gaps, Geometry, InTime, Shape, Sliding, Whole};
use core::marker::PhantomData;

/// The int8 form of [`nn::MaxPool`](crate::nn::MaxPool). Scale and zero are those of its input; it
/// has no parameters.
#[derive(Clone, Copy, Debug, Default)]
pub struct MaxPool<M, W>(PhantomData<(M, W)>);

impl<M: Shape, W: Sliding> MaxPool<M, W> {
    const GEOMETRY: Geometry<W::Gaps> = Geometry::of::<M, W>();
}

impl<M: Shape, W: Sliding> Shape for MaxPool<M, W> {
    const MAP: [usize; 3] = Self::GEOMETRY.output(M::MAP[2]);
}

impl<M: Shape, W: Sliding> Layer for MaxPool<M, W> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = Self::LENGTH;
    const BYTES: usize = 0;

    fn check(bytes: &[u8]) -> Result<(), Error> {
        Error::check_length(PARAMETERS, Self::BYTES, bytes.len())
    }

    fn infer<'s>(
        _bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        _inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let (input, output) = input_and_output::<Self>(front, back)?;
        largest(Self::GEOMETRY, input, output);
        Ok((back, front))
    }
}

/// The int8 form of [`nn::MaxPool1d`](crate::nn::MaxPool1d).
pub type MaxPool1d<M, W> = MaxPool<M, InTime<M, W>>;

/// The int8 form of [`nn::AveragePool`](crate::nn::AveragePool). Its output may have a scale of its
/// own, since means spread less than values: the sum of `q - zero` over the window is multiplied by
/// the quotient of the two scales over the number of positions that count, and rounded once, halves
/// away from zero.
///
/// The multiplier over a count `n` is `multiplier * 2^b / n`, rounded up, with a shift of
/// `shift + b`, where `b` is the whole part of `log2 n`. With a quotient of 1 that is the sum
/// divided, to the bit. TFLite divides the sum of the bytes themselves, which zeros of 0 say, and
/// counts no padding, which `Padding<0>` as `Counted` says.
#[derive(Clone, Copy, Debug, Default)]
pub struct AveragePool<M, W, Counted = Padding<{ usize::MAX }>>(PhantomData<(M, W, Counted)>);

impl<M: Shape, W: Sliding, Counted: Border> AveragePool<M, W, Counted> {
    const GEOMETRY: Geometry<W::Gaps> = {
        let geometry = Geometry::of::<M, W>();
        assert_sum_fits(geometry.length());
        geometry
    };
    const COUNTED: Bounds = Self::GEOMETRY.bounds(W::PADDING, Counted::PADDING);
}

impl<M: Shape, W: Sliding, Counted: Border> Shape for AveragePool<M, W, Counted> {
    const MAP: [usize; 3] = Self::GEOMETRY.output(M::MAP[2]);
}

impl<M: Shape, W: Sliding, Counted: Border> Layer for AveragePool<M, W, Counted> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = Self::LENGTH;
    const BYTES: usize = Mean::BYTES;

    fn check(bytes: &[u8]) -> Result<(), Error> {
        Mean::read(bytes)?.check()
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        _inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let (input, output) = input_and_output::<Self>(front, back)?;
        Mean::read(bytes)?.pool(Self::GEOMETRY, Self::COUNTED, input, output);
        Ok((back, front))
    }
}

/// The int8 form of [`nn::AveragePool1d`](crate::nn::AveragePool1d).
pub type AveragePool1d<M, W, Counted = Padding<{ usize::MAX }>> =
    AveragePool<M, InTime<M, W>, Counted>;

/// The int8 form of [`nn::GlobalAveragePool`](crate::nn::GlobalAveragePool): the mean of each
/// channel over all of the map.
pub type GlobalAveragePool<M> = AveragePool<M, Whole<M>>;

/// Zero points and clamps of a mean, and the input's scale over the output's.
struct Mean {
    range: Range,
    factor: Factor,
}

impl Mean {
    const BYTES: usize = 4 + factor::BYTES;

    fn read(bytes: &[u8]) -> Result<Self, Error> {
        let (range, rest) = Range::read(bytes)?;
        Ok(Self { range, factor: Factor::read(rest)? })
    }

    fn check(&self) -> Result<(), Error> {
        self.range.check()?;
        self.factor.check()
    }

    fn pool(
        &self,
        geometry: Geometry<impl Gaps>,
        counted: Bounds,
        input: &[i8],
        output: &mut [i8],
    ) {
        let channels = geometry.channels();
        let (mut divisor, mut factor) = (1, self.factor);
        let windows = geometry.each().zip(geometry.counts(counted));
        for ((runs, count), outputs) in windows.zip(output.whole_chunks_mut(channels)) {
            if count != divisor {
                // At most LONGEST_SUM.
                (divisor, factor) = (count, self.factor.over(count as u32));
            }
            let mut first = 0_usize;
            for outputs in outputs.chunks_up_to_mut(TOGETHER) {
                let mut sums = [0; TOGETHER];
                for values in runs.clone().flat_map(|run| run.of_map(input).whole_chunks(channels))
                {
                    let values = values.get(first..).unwrap_or_default();
                    for (sum, value) in sums.iter_mut().zip(values) {
                        // An i32 holds it, by assert_sum_fits.
                        let value = i32::from(*value).wrapping_sub(self.range.input_zero);
                        *sum = i32::wrapping_add(*sum, value);
                    }
                }
                for (y, sum) in outputs.iter_mut().zip(sums) {
                    // Half away from zero.
                    let mean = factor.times(sum.saturating_abs());
                    *y = self.range.output(if sum < 0 { mean.wrapping_neg() } else { mean });
                }
                first = first.wrapping_add(TOGETHER);
            }
        }
    }
}

/// Channels that are summed at once.
const TOGETHER: usize = 8;

fn largest(geometry: Geometry<impl Gaps>, input: &[i8], output: &mut [i8]) {
    let channels = geometry.channels();
    for (runs, outputs) in geometry.each().zip(output.whole_chunks_mut(channels)) {
        // Padding is less than the window is long: every window sees the map.
        outputs.fill(i8::MIN);
        for run in runs {
            for values in run.of_map(input).whole_chunks(channels) {
                for (y, value) in outputs.iter_mut().zip(values) {
                    *y = (*y).max(*value);
                }
            }
        }
    }
}
