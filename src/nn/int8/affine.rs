//! The parameters of a layer, read where they lie, and the one rounding of its outputs.

use super::layer::split;
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
    weights: &'a [u8],
}

/// What an output has to itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channel {
    pub multiplier: f32,
    pub bias: i32,
}

/// Bytes of [`Affine`] parameters.
pub(super) const fn length(outputs: usize, weights: usize) -> usize {
    outputs.saturating_mul(4 + 4).saturating_add(weights).saturating_add(4)
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
            what: "int8 parameters",
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

    /// A sum as an output: multiplied, rounded to the nearest integer (ties to even), moved and
    /// clamped.
    pub fn requantise(self, sum: i32, multiplier: f32) -> i8 {
        // The conversion saturates.
        let rounded = libm::rintf(sum as f32 * multiplier) as i32;
        rounded.saturating_add(self.zero).max(self.minimum).min(self.maximum) as i8
    }
}

impl<'a> Affine<'a> {
    pub fn read(bytes: &'a [u8], outputs: usize, weights: usize) -> Result<Self, Error> {
        Error::check_length("int8 parameters", length(outputs, weights), bytes.len())?;
        let (range, rest) = Range::read(bytes)?;
        let (multipliers, rest) = split(rest, outputs.saturating_mul(4))?;
        let (biases, weights) = split(rest, outputs.saturating_mul(4))?;
        let (multipliers, biases) = (multipliers.as_chunks().0, biases.as_chunks().0);
        Ok(Self { range, multipliers, biases, weights })
    }

    pub fn check(self) -> Result<(), Error> {
        self.range.check()?;
        for Channel { multiplier, bias } in self.channels() {
            check_multiplier(multiplier)?;
            if bias.unsigned_abs() > LARGEST_BIAS {
                return Err(Error::Setting {
                    name: "int8 bias",
                    value: bias as f32,
                    expected: "at most 2^30 in magnitude",
                });
            }
        }
        Ok(())
    }

    /// Output after output.
    pub fn channels(self) -> impl Iterator<Item = Channel> {
        self.multipliers.iter().zip(self.biases).map(|(multiplier, bias)| Channel {
            multiplier: f32::from_le_bytes(*multiplier),
            bias: i32::from_le_bytes(*bias),
        })
    }

    pub fn weights(self) -> &'a [i8] {
        bytemuck::must_cast_slice(self.weights)
    }
}

pub(super) fn check_multiplier(multiplier: f32) -> Result<(), Error> {
    Error::check_positive("int8 multiplier", multiplier)
}
