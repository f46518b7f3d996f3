//! The parameters of a layer, read where they lie, and its outputs, which are rounded once.

use super::factor::{self, Factor};
use super::layer::{PARAMETERS, split};
use super::{LARGEST_BIAS, LONGEST_SUM};
use crate::Error;

/// Zero points and clamps: the first four bytes of a layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    /// The byte that stands for 0 in the input.
    pub input_zero: i32,
    /// The byte that stands for 0 in the output.
    zero: i32,
    minimum: i32,
    maximum: i32,
}

/// Parameters of a layer whose outputs are weighted sums.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine<'a> {
    pub range: Range,
    multipliers: &'a [[u8; 4]],
    biases: &'a [[u8; 4]],
    shifts: &'a [u8],
    weights: &'a [u8],
}

/// What an output has to itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channel {
    pub factor: Factor,
    pub bias: i32,
}

/// Bytes of [`Affine`] parameters.
pub(super) const fn length(outputs: usize, weights: usize) -> usize {
    outputs.saturating_mul(factor::BYTES + 4).saturating_add(weights).saturating_add(4)
}

/// Checks when the types are compiled that an `i32` holds the sum of so many products.
pub(super) const fn assert_sum_fits(products: usize) {
    assert!(
        products <= LONGEST_SUM,
        "int8 layer: expected at most int8::LONGEST_SUM products an output, so that an i32 holds \
         their sum"
    );
}

impl Range {
    /// Reads four bytes, and gives the rest.
    pub fn read(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (head, rest) = bytes.split_first_chunk().ok_or(Error::Length {
            what: PARAMETERS,
            expected: 4,
            actual: bytes.len(),
        })?;
        let [input_zero, zero, minimum, maximum] = head.map(|byte| i32::from(byte.cast_signed()));
        Ok((Self { input_zero, zero, minimum, maximum }, rest))
    }

    /// Checks that the clamps leave something between them.
    pub fn check(self) -> Result<(), Error> {
        if self.minimum <= self.maximum {
            return Ok(());
        }
        Err(Error::Setting {
            name: "maximum of an int8 output",
            value: self.maximum as f32,
            expected: "no less than its minimum",
        })
    }

    /// The least and the largest output.
    pub fn clamps(self) -> [i8; 2] {
        // They were read from bytes.
        [self.minimum as i8, self.maximum as i8]
    }

    /// A rounded value as an output: moved and clamped.
    #[inline(always)]
    pub fn output(self, rounded: i32) -> i8 {
        rounded.saturating_add(self.zero).max(self.minimum).min(self.maximum) as i8
    }
}

impl<'a> Affine<'a> {
    pub fn read(bytes: &'a [u8], outputs: usize, weights: usize) -> Result<Self, Error> {
        Error::check_length(PARAMETERS, length(outputs, weights), bytes.len())?;
        let (range, rest) = Range::read(bytes)?;
        let (multipliers, rest) = split(rest, outputs.saturating_mul(4))?;
        let (biases, rest) = split(rest, outputs.saturating_mul(4))?;
        let (shifts, weights) = split(rest, outputs)?;
        let (multipliers, biases) = (multipliers.as_chunks().0, biases.as_chunks().0);
        Ok(Self { range, multipliers, biases, shifts, weights })
    }

    pub fn check(self) -> Result<(), Error> {
        self.range.check()?;
        for Channel { factor, bias } in self.channels() {
            factor.check()?;
            if bias.unsigned_abs() > LARGEST_BIAS {
                return Err(Error::Setting {
                    name: "int8 bias",
                    value: bias as f32,
                    expected: "at most int8::LARGEST_BIAS in magnitude",
                });
            }
        }
        Ok(())
    }

    /// Output after output.
    pub fn channels(self) -> impl Iterator<Item = Channel> {
        let factors = self.multipliers.iter().zip(self.shifts);
        factors.zip(self.biases).map(|((multiplier, shift), bias)| Channel {
            factor: Factor::new(*multiplier, *shift),
            bias: i32::from_le_bytes(*bias),
        })
    }

    /// An output of the sum of its products. A bias and the longest sum fit an `i32`.
    #[inline(always)]
    pub fn output(self, products: i32, channel: Channel) -> i8 {
        self.range.output(channel.factor.times(products.wrapping_add(channel.bias)))
    }

    pub fn weights(self) -> &'a [i8] {
        bytemuck::must_cast_slice(self.weights)
    }
}
