//! Normalisation of a sample by its own mean and deviation, in integers.

use super::affine::{Range, assert_sum_fits};
use super::factor::check_shift;
use super::layer::{Buffers, Layer, PARAMETERS, input_and_output, split};
use super::{LARGEST_EPSILON, LARGEST_SHIFT};
use crate::Error;
use crate::chunks::Chunked;
use crate::nn::window::Shape;
use core::marker::PhantomData;

/// The int8 form of [`nn::over::LayerNorm`](crate::nn::over::LayerNorm): the values at each
/// position of the shape `M`, less their mean, over their standard deviation, each times its own
/// scale, plus its own shift. A map of one position is normalised as a whole.
///
/// With `n` channels whose bytes are `q`, the deviation is exact before its root is taken:
/// `d = n q - sum q` is what a byte is above the mean, `n` times, `D = n sum q^2 - (sum q)^2` its
/// mean square, and the epsilon `e` is in the same unit. With `r = round(d 2^20 / sqrt(D + e))`, in
/// 31 bits of the root, an output is
/// `y = clamp(round((r * multiplier + shift_of_channel * 2^(shift - 16)) / 2^shift) + zero)`.
/// Before it is rounded, it is within `2^-16 (1 + v + s)` steps of what real numbers give, where
/// `v` is its magnitude and `s` the largest scale of a channel, in steps too.
///
/// Cost: two products a value to sum up and two to write it; a root and a division a position.
///
/// ```
/// use rolling_ball::nn::Map;
/// use rolling_ball::nn::int8::{Layer, LayerNorm};
///
/// // Zeros and clamps; the epsilon; a multiplier and a shift a channel; the shift of all products.
/// assert_eq!(LayerNorm::<Map<4, 4, 2>>::BYTES, 4 + 8 + 2 * (4 + 4) + 1);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LayerNorm<M>(PhantomData<M>);

impl<M: Shape> Shape for LayerNorm<M> {
    const MAP: [usize; 3] = M::MAP;
}

impl<M: Shape> LayerNorm<M> {
    const CHANNELS: usize = M::MAP[2];
}

impl<M: Shape> Layer for LayerNorm<M> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = M::LENGTH;
    const BYTES: usize = {
        assert!(M::LENGTH > 0, "LayerNorm: expected at least one value");
        assert_sum_fits(Self::CHANNELS);
        length(Self::CHANNELS)
    };

    fn check(bytes: &[u8]) -> Result<(), Error> {
        Norm::read(bytes, Self::CHANNELS)?.check()
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        _inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let norm = Norm::read(bytes, Self::CHANNELS)?;
        let (input, output) = input_and_output::<Self>(front, back)?;
        norm.each(Self::CHANNELS, input, output);
        Ok((back, front))
    }
}

/// Bits after the point of a normalised value. It is below `2^8`, the root of [`LONGEST_SUM`], so
/// that it fits 28 bits and a sign.
///
/// [`LONGEST_SUM`]: super::LONGEST_SUM
const NORMAL_BITS: u32 = 20;
/// Bits after the point of a channel's shift.
const SHIFT_BITS: u32 = 16;
/// Bits after the point of the mean square and the epsilon.
const SQUARE_BITS: u32 = 16;

const fn length(channels: usize) -> usize {
    channels.saturating_mul(8).saturating_add(4 + 8 + 1)
}

/// The parameters, read where they lie.
#[derive(Clone, Copy)]
struct Norm<'a> {
    range: Range,
    epsilon: u64,
    multipliers: &'a [[u8; 4]],
    biases: &'a [[u8; 4]],
    shift: u32,
}

impl<'a> Norm<'a> {
    fn read(bytes: &'a [u8], channels: usize) -> Result<Self, Error> {
        let (expected, actual) = (length(channels), bytes.len());
        let short = Error::Length { what: PARAMETERS, expected, actual };
        Error::check_length(PARAMETERS, expected, actual)?;
        let (range, rest) = Range::read(bytes)?;
        let (epsilon, rest) = rest.split_first_chunk().ok_or(short)?;
        let (multipliers, rest) = split(rest, channels.saturating_mul(4))?;
        let (biases, rest) = split(rest, channels.saturating_mul(4))?;
        let [shift] = *rest else { return Err(short) };
        Ok(Self {
            range,
            epsilon: u64::from_le_bytes(*epsilon),
            multipliers: multipliers.as_chunks().0,
            biases: biases.as_chunks().0,
            shift: u32::from(shift),
        })
    }

    fn check(self) -> Result<(), Error> {
        self.range.check()?;
        if self.epsilon > LARGEST_EPSILON {
            return Err(Error::Setting {
                name: "int8 epsilon",
                value: self.epsilon as f32,
                expected: "at most int8::LARGEST_EPSILON",
            });
        }
        check_shift(self.shift, LARGEST_SHIFT)?;
        if self.shift < SHIFT_BITS {
            return Err(Error::Setting {
                name: "int8 shift of a layer norm",
                value: self.shift as f32,
                expected: "no less than 16, the bits after the point of the channels' shifts",
            });
        }
        Ok(())
    }

    fn each(self, channels: usize, input: &[i8], output: &mut [i8]) {
        for (input, output) in input.whole_chunks(channels).zip(output.whole_chunks_mut(channels)) {
            self.position(input, output);
        }
    }

    fn position(self, input: &[i8], output: &mut [i8]) {
        let (mut sum, mut squares) = (0_i32, 0_i32);
        for x in input {
            // Of at most 2^15 bytes: 2^22 and 2^29.
            let x = i32::from(*x);
            sum = sum.wrapping_add(x);
            squares = squares.wrapping_add(x.wrapping_mul(x));
        }
        // At most 2^15.
        let count = input.len() as i32;
        // A mean square is no less than the square of the mean. It is at most 2^30 * 127.5^2, so
        // that with its bits after the point it is below 2^60, and with the epsilon below 2^62.
        let square = i64::from(count).wrapping_mul(i64::from(squares));
        let square = square.wrapping_sub(i64::from(sum).wrapping_mul(i64::from(sum)));
        let square = square.cast_unsigned().wrapping_shl(SQUARE_BITS).wrapping_add(self.epsilon);
        let (reciprocal, shift) = reciprocal_of_root(square);
        let half = 1_i64.wrapping_shl(shift.wrapping_sub(1));
        let place = self.shift.wrapping_sub(SHIFT_BITS);
        let half_of_all = 1_i64.wrapping_shl(self.shift.wrapping_sub(1));
        let parameters = self.multipliers.iter().zip(self.biases);
        for ((y, x), (multiplier, bias)) in output.iter_mut().zip(input).zip(parameters) {
            // At most 2^15 * 255.
            let above = i32::from(*x).wrapping_mul(count).wrapping_sub(sum);
            // At most 2^23 * 2^31. Its quotient by the root is less than the root of the count,
            // whatever is normalised, so that it has at most 28 bits.
            let normal = i64::from(above).wrapping_mul(i64::from(reciprocal));
            let normal = normal.wrapping_add(half).wrapping_shr(shift) as i32;
            // At most 2^28 * 2^31, 2^31 * 2^31 and 2^46: together less than 2^63.
            let product = i64::from(normal)
                .wrapping_mul(i64::from(i32::from_le_bytes(*multiplier)))
                .wrapping_add(i64::from(i32::from_le_bytes(*bias)).wrapping_shl(place))
                .wrapping_add(half_of_all)
                .wrapping_shr(self.shift);
            *y = self.range.output(product.max(i32::MIN.into()).min(i32::MAX.into()) as i32);
        }
    }
}

/// `2^NORMAL_BITS / sqrt(square / 2^SQUARE_BITS)` of a square below `2^62`, as a multiplier and a
/// shift: to a part in `2^29`. Where the square has nothing before the point, all bytes are equal,
/// and it multiplies zeros.
fn reciprocal_of_root(square: u64) -> (i32, u32) {
    if square >> SQUARE_BITS == 0 {
        return (0, 1);
    }
    // By an even number, so that the root is shifted by half of it: from 0 to 44.
    let twice = square.leading_zeros().saturating_sub(2) & !1;
    let root = root(square.wrapping_shl(twice));
    // From 2^30 to below 2^31, so the quotient is from 2^30 to 2^31.
    let quotient = (1_u64 << 61).wrapping_add(u64::from(root >> 1)).checked_div(u64::from(root));
    let reciprocal = quotient.unwrap_or_default().min(i32::MAX.unsigned_abs().into()) as i32;
    // 61 less the bits that are wanted, less half of those of the square: from 11 to 33.
    let bits = const { 61 - NORMAL_BITS - SQUARE_BITS / 2 };
    (reciprocal, bits.wrapping_sub(twice >> 1))
}

/// The whole part of the root of a number below `2^62`, bit by bit.
fn root(square: u64) -> u32 {
    let (mut rest, mut root) = (square, 0_u64);
    let mut bit = 1_u64 << 60;
    while bit > 0 {
        let trial = root.wrapping_add(bit);
        root >>= 1;
        if rest >= trial {
            rest = rest.wrapping_sub(trial);
            root = root.wrapping_add(bit);
        }
        bit >>= 2;
    }
    root as u32
}
