//! The parameters of a layer, read where they lie, and its outputs, which are rounded once.

use super::factor::{self, Factor};
use super::layer::{PARAMETERS, split};
use super::{LARGEST_BIAS, LONGEST_SUM};
use crate::Error;
use crate::kernels::bytes::{ROWS, Requantization};
use core::array::from_fn;

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

/// What [`ROWS`] outputs side by side have to themselves, read where it lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channels<'a> {
    multipliers: &'a [[u8; 4]; ROWS],
    biases: &'a [[u8; 4]; ROWS],
    shifts: &'a [u8; ROWS],
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

    /// [`input_zero`](Self::input_zero) as the byte that it was read from.
    pub fn padding(self) -> i8 {
        self.input_zero as i8
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

    /// With these factors, which must be below a half.
    #[inline(always)]
    fn requantization<'a>(
        self,
        multipliers: &'a [[u8; 4]],
        shifts: &'a [u8],
    ) -> Requantization<'a> {
        // It was read from a byte.
        Requantization::new(multipliers, shifts, self.zero as i8, self.clamps())
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

impl Channels<'_> {
    /// With which their sums begin.
    #[inline(always)]
    pub fn biases(self) -> [i32; ROWS] {
        self.biases.map(i32::from_le_bytes)
    }

    /// Overwrites outputs by their sums. A bias and the longest sum of products fit an `i32`.
    #[inline(always)]
    pub fn write(self, range: Range, sums: [i32; ROWS], outputs: &mut [i8; ROWS]) {
        let factors = self.multipliers.iter().zip(self.shifts);
        for (((multiplier, shift), sum), y) in factors.zip(sums).zip(outputs) {
            *y = range.output(Factor::new(*multiplier, *shift).times(sum));
        }
    }

    /// As [`write`](Self::write), of sums without their biases.
    #[inline(always)]
    pub fn write_products(self, range: Range, sums: [i32; ROWS], outputs: &mut [i8; ROWS]) {
        let mut with_biases = self.biases();
        for (bias, sum) in with_biases.iter_mut().zip(sums) {
            *bias = bias.wrapping_add(sum);
        }
        match self.by_high_words(range) {
            Some(by_high_words) => by_high_words.write(with_biases, outputs),
            None => self.write(range, with_biases, outputs),
        }
    }

    /// What makes outputs of the sums of several windows, where all factors are below a half.
    #[inline(always)]
    pub fn requantization(&self, range: Range) -> Requantization<'_> {
        range.requantization(self.multipliers, self.shifts)
    }

    /// What makes outputs of many sums, where all shifts are from 33 on, as they are for factors
    /// below a half.
    #[inline(always)]
    pub fn by_high_words(self, range: Range) -> Option<HighWords> {
        // A byte from 33 to 160 has its highest bit set where 95 is added to it.
        let moved = u32::from_le_bytes(*self.shifts).wrapping_add(0x5f5f_5f5f);
        (moved & 0x8080_8080 == 0x8080_8080).then(|| HighWords {
            multipliers: self.multipliers.map(i32::from_le_bytes),
            shifts: self.shifts.map(|shift| u32::from(shift).wrapping_sub(33) & 31),
            zero_and_half: range.zero.wrapping_mul(2).wrapping_add(1),
            clamps: [range.minimum, range.maximum].map(|clamp| clamp.wrapping_mul(2)),
        })
    }
}

/// Factors below a half, whose products are rounded in their high words: the half that is added is
/// a whole number of 2^32, so that the low word cannot carry. The last bit goes at the very end;
/// until then all is twice as large.
#[derive(Clone, Copy, Debug)]
pub(super) struct HighWords {
    multipliers: [i32; ROWS],
    /// Less 33.
    shifts: [u32; ROWS],
    zero_and_half: i32,
    clamps: [i32; 2],
}

impl HighWords {
    /// Writes the outputs that these sums give, as [`Channels::write`] does for any factor.
    #[inline(always)]
    pub fn write(&self, sums: [i32; ROWS], outputs: &mut [i8; ROWS]) {
        let [minimum, maximum] = self.clamps;
        let factors = self.multipliers.iter().zip(self.shifts);
        for (((multiplier, shift), sum), y) in factors.zip(sums).zip(outputs) {
            // At most 2^31 * 2^31 in magnitude; half of its high word and a zero fit an i32.
            let product = i64::from(sum).wrapping_mul(i64::from(*multiplier));
            let doubled = ((product >> 32) as i32).wrapping_shr(shift);
            let moved = doubled.wrapping_add(self.zero_and_half);
            *y = (moved.max(minimum).min(maximum) >> 1) as i8;
        }
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

    /// So many outputs from this one on, each with so many weights.
    pub fn part(self, first: usize, count: usize, each: usize) -> Self {
        let end = first.saturating_add(count);
        let weights = first.saturating_mul(each)..end.saturating_mul(each);
        Self {
            range: self.range,
            multipliers: self.multipliers.get(first..end).unwrap_or_default(),
            biases: self.biases.get(first..end).unwrap_or_default(),
            shifts: self.shifts.get(first..end).unwrap_or_default(),
            weights: self.weights.get(weights).unwrap_or_default(),
        }
    }

    /// Outputs in groups of [`ROWS`]; what is left over at the end is [`left`](Self::left).
    #[inline(always)]
    pub fn groups(self) -> impl Iterator<Item = Channels<'a>> {
        let (multipliers, biases) = (self.multipliers.as_chunks().0, self.biases.as_chunks().0);
        let factors = multipliers.iter().zip(self.shifts.as_chunks().0);
        factors.zip(biases).map(|((multipliers, shifts), biases)| Channels {
            multipliers,
            biases,
            shifts,
        })
    }

    /// Whether all factors are below a half, so that their shifts are from 33 on.
    pub fn is_by_high_words(self) -> bool {
        self.shifts.iter().all(|shift| *shift > 32)
    }

    /// Overwrites outputs from this one on by the sums of their products, where all factors are
    /// below a half.
    #[inline(always)]
    pub fn write_products(&self, first: usize, sums: &[i32], outputs: &mut [i8]) {
        let Self { range, multipliers, biases, shifts, .. } = self;
        let multipliers = multipliers.get(first..).unwrap_or_default();
        let biases = biases.get(first..).unwrap_or_default();
        let shifts = shifts.get(first..).unwrap_or_default();
        range.requantization(multipliers, shifts).write(biases, sums, outputs);
    }

    /// The biases of the outputs that are left over after the [groups](Self::groups).
    pub fn biases_left(self) -> [i32; ROWS] {
        let mut each = self.biases.as_chunks::<ROWS>().1.iter();
        from_fn(|_| each.next().map_or(0, |bias| i32::from_le_bytes(*bias)))
    }

    /// Overwrites these outputs by their sums.
    pub fn left(self, sums: [i32; ROWS], outputs: &mut [i8]) {
        let multipliers = self.multipliers.as_chunks::<ROWS>().1.iter();
        let factors = multipliers.zip(self.shifts.as_chunks::<ROWS>().1);
        for ((y, sum), (multiplier, shift)) in outputs.iter_mut().zip(sums).zip(factors) {
            *y = self.range.output(Factor::new(*multiplier, *shift).times(sum));
        }
    }

    pub fn weights(self) -> &'a [i8] {
        bytemuck::must_cast_slice(self.weights)
    }
}
