//! Values below 0 by slopes of their own.

use super::affine::Range;
use super::factor::{self, Factor};
use super::layer::{Buffers, Layer, PARAMETERS, input_and_output, split};
use crate::Error;
use crate::chunks::Chunked;
use crate::nn::window::Shape;
use core::marker::PhantomData;

/// The int8 form of [`nn::PRelu`](crate::nn::PRelu) over the shape `M`, with a slope for each
/// channel: `y = clamp(round((x - zero_x) * above) + zero)`, and below 0
/// `y = clamp(round((x - zero_x) * slope * below) + zero)`.
///
/// Cost: a multiplication a value, and two below 0.
///
/// ```
/// use rolling_ball::nn::Map;
/// use rolling_ball::nn::int8::{Layer, PRelu};
///
/// // Zeros and clamps; two multipliers with their shifts; a slope a channel.
/// assert_eq!(PRelu::<Map<4, 4, 3>>::BYTES, 4 + 2 * (4 + 1) + 2 * 3);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct PRelu<M>(PhantomData<M>);

impl<M: Shape> Shape for PRelu<M> {
    const MAP: [usize; 3] = M::MAP;
}

impl<M: Shape> Layer for PRelu<M> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = M::LENGTH;
    const BYTES: usize = length(M::MAP[2]);

    fn check(bytes: &[u8]) -> Result<(), Error> {
        Slopes::read(bytes, M::MAP[2])?.check()
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        _inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let slopes = Slopes::read(bytes, M::MAP[2])?;
        let (input, output) = input_and_output::<Self>(front, back)?;
        slopes.each(input, output);
        Ok((back, front))
    }
}

const fn length(channels: usize) -> usize {
    channels.saturating_mul(2).saturating_add(4 + 2 * factor::BYTES)
}

/// The parameters, read where they lie.
#[derive(Clone, Copy)]
struct Slopes<'a> {
    range: Range,
    above: Factor,
    below: Factor,
    /// One for each channel.
    slopes: &'a [[u8; 2]],
}

impl<'a> Slopes<'a> {
    fn read(bytes: &'a [u8], channels: usize) -> Result<Self, Error> {
        Error::check_length(PARAMETERS, length(channels), bytes.len())?;
        let (range, rest) = Range::read(bytes)?;
        let (above, rest) = split(rest, factor::BYTES)?;
        let (below, slopes) = split(rest, factor::BYTES)?;
        let (above, below) = (Factor::read(above)?, Factor::read(below)?);
        Ok(Self { range, above, below, slopes: slopes.as_chunks().0 })
    }

    fn check(self) -> Result<(), Error> {
        self.range.check()?;
        self.above.check()?;
        self.below.check()
    }

    fn each(self, input: &[i8], output: &mut [i8]) {
        let channels = self.slopes.len();
        for (input, output) in input.whole_chunks(channels).zip(output.whole_chunks_mut(channels)) {
            for ((y, x), slope) in output.iter_mut().zip(input).zip(self.slopes) {
                let x = i32::from(*x).wrapping_sub(self.range.input_zero);
                // At most 255 * 2^15.
                let rounded = match x >= 0 {
                    true => self.above.times(x),
                    false => {
                        self.below.times(x.wrapping_mul(i32::from(i16::from_le_bytes(*slope))))
                    }
                };
                *y = self.range.output(rounded);
            }
        }
    }
}
