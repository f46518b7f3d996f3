//! Pools: the largest or the mean value in a window, channel by channel.

use super::affine::{Range, assert_sum_fits, check_multiplier};
use super::layer::{Buffers, Layer, input_and_output};
use crate::Error;
use crate::chunks::Chunked;
use crate::nn::window::{Gaps, Geometry, InTime, Run, Shape, Sliding, Whole};
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
        Error::check_length("int8 parameters", Self::BYTES, bytes.len())
    }

    fn infer<'s>(
        _bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let (input, output) = input_and_output::<Self>(front, back)?;
        largest(Self::GEOMETRY, input, output);
        Ok((back, front))
    }
}

/// The int8 form of [`nn::MaxPool1d`](crate::nn::MaxPool1d).
pub type MaxPool1d<M, W> = MaxPool<M, InTime<M, W>>;

/// The int8 form of [`nn::AveragePool`](crate::nn::AveragePool). Its output has a scale of its own,
/// since means spread less than values.
#[derive(Clone, Copy, Debug, Default)]
pub struct AveragePool<M, W>(PhantomData<(M, W)>);

impl<M: Shape, W: Sliding> AveragePool<M, W> {
    const GEOMETRY: Geometry<W::Gaps> = {
        let geometry = Geometry::of::<M, W>();
        assert_sum_fits(geometry.length());
        geometry
    };
}

impl<M: Shape, W: Sliding> Shape for AveragePool<M, W> {
    const MAP: [usize; 3] = Self::GEOMETRY.output(M::MAP[2]);
}

impl<M: Shape, W: Sliding> Layer for AveragePool<M, W> {
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
    ) -> Result<Buffers<'s>, Error> {
        let (input, output) = input_and_output::<Self>(front, back)?;
        Mean::read(bytes)?.pool(Self::GEOMETRY, input, output);
        Ok((back, front))
    }
}

/// The int8 form of [`nn::AveragePool1d`](crate::nn::AveragePool1d).
pub type AveragePool1d<M, W> = AveragePool<M, InTime<M, W>>;

/// The int8 form of [`nn::GlobalAveragePool`](crate::nn::GlobalAveragePool): the mean of each
/// channel over all of the map.
pub type GlobalAveragePool<M> = AveragePool<M, Whole<M>>;

/// Zero points, clamps and the multiplier of a mean, which has the number of values in it.
struct Mean {
    range: Range,
    multiplier: f32,
}

impl Mean {
    const BYTES: usize = 4 + 4;

    fn read(bytes: &[u8]) -> Result<Self, Error> {
        Error::check_length("int8 parameters", Self::BYTES, bytes.len())?;
        let (range, rest) = Range::read(bytes)?;
        let multiplier = rest.first_chunk().copied().unwrap_or_default();
        Ok(Self { range, multiplier: f32::from_le_bytes(multiplier) })
    }

    fn check(&self) -> Result<(), Error> {
        self.range.check()?;
        check_multiplier(self.multiplier)
    }

    fn pool(&self, geometry: Geometry<impl Gaps>, input: &[i8], output: &mut [i8]) {
        let channels = geometry.channels();
        for (runs, outputs) in geometry.each().zip(output.whole_chunks_mut(channels)) {
            for (channel, y) in (0..channels).zip(outputs) {
                let values = runs.clone().flat_map(|run| of_channel(input, run, channel, channels));
                // An i32 holds it, by assert_sum_fits.
                let sum = values.fold(0_i32, |sum, value| {
                    sum.wrapping_add(i32::from(*value).wrapping_sub(self.range.input_zero))
                });
                *y = self.range.requantise(sum, self.multiplier);
            }
        }
    }
}

fn largest(geometry: Geometry<impl Gaps>, input: &[i8], output: &mut [i8]) {
    let channels = geometry.channels();
    for (runs, outputs) in geometry.each().zip(output.whole_chunks_mut(channels)) {
        for (channel, y) in (0..channels).zip(outputs) {
            let values = runs.clone().flat_map(|run| of_channel(input, run, channel, channels));
            // Padding is less than the window is long: every window sees the map.
            *y = values.max().copied().unwrap_or(i8::MIN);
        }
    }
}

/// What a run holds of one channel.
fn of_channel(
    input: &[i8],
    run: Run,
    channel: usize,
    channels: usize,
) -> impl Iterator<Item = &i8> {
    run.of_map(input).whole_chunks(channels).filter_map(move |values| values.get(channel))
}
