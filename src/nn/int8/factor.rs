//! What a sum is multiplied by, in integers.

use super::LARGEST_SHIFT;
use super::layer::PARAMETERS;
use crate::Error;

/// A positive factor as a fraction: `multiplier / 2^shift`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factor {
    /// At least 0.
    multiplier: i32,
    /// From 1 to [`LARGEST_SHIFT`], and 15 more for a [mean](Self::over).
    shift: u32,
}

/// Bytes of a factor.
pub(super) const BYTES: usize = 4 + 1;

impl Factor {
    #[inline(always)]
    pub fn new(multiplier: [u8; 4], shift: u8) -> Self {
        Self { multiplier: i32::from_le_bytes(multiplier), shift: u32::from(shift) }
    }

    /// Reads a factor, which is all that there is.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let (expected, actual) = (BYTES, bytes.len());
        let [a, b, c, d, shift] =
            bytes.try_into().map_err(|_| Error::Length { what: PARAMETERS, expected, actual })?;
        Ok(Self::new([a, b, c, d], shift))
    }

    /// Checks that no product overflows.
    pub fn check(self) -> Result<(), Error> {
        if self.multiplier < 0 {
            return Err(Error::Setting {
                name: "int8 multiplier",
                value: self.multiplier as f32,
                expected: "no less than 0",
            });
        }
        check_shift(self.shift, LARGEST_SHIFT)
    }

    /// The product, rounded to the nearest integer (halves up), and clamped to what an `i32` holds.
    #[inline(always)]
    pub fn times(self, sum: i32) -> i32 {
        // At most 2^31 * 2^31 in magnitude.
        let product = i64::from(sum).wrapping_mul(i64::from(self.multiplier));
        let beyond = self.shift.wrapping_sub(33);
        if beyond < 31 {
            // The half that is added is a whole number of 2^32, so the low word cannot carry: one
            // word is enough. Adding it is adding one to the last bit before it goes.
            return ((product >> 32) as i32).wrapping_shr(beyond).wrapping_add(1) >> 1;
        }
        // At most 2^62 and 2^61.
        let half = 1_i64.wrapping_shl(self.shift.wrapping_sub(1));
        let rounded = product.wrapping_add(half).wrapping_shr(self.shift);
        rounded.max(i64::from(i32::MIN)).min(i64::from(i32::MAX)) as i32
    }

    /// The factor as a number.
    pub fn value(self) -> f32 {
        // 2^-shift: an exponent is stored with 127 more, so that no shift is too large.
        let unit = f32::from_bits(127_u32.wrapping_sub(self.shift).wrapping_shl(23));
        self.multiplier as f32 * unit
    }

    /// This factor over a count of up to [`LONGEST_SUM`](super::LONGEST_SUM). The multiplier is
    /// rounded up, so that what should be a half is none less.
    pub fn over(self, count: u32) -> Self {
        let bits = count.checked_ilog2().unwrap_or(0);
        // Below 2^31 * 2^15; the quotient is no larger than the multiplier, since 2^bits is no
        // larger than the count.
        let scaled = u64::from(self.multiplier.unsigned_abs()).wrapping_shl(bits);
        let up = scaled.wrapping_add(u64::from(count.saturating_sub(1)));
        let multiplier = up.checked_div(u64::from(count)).unwrap_or_default() as i32;
        Self { multiplier, shift: self.shift.wrapping_add(bits) }
    }
}

/// Checks that a shift is from 1 to the largest.
pub(super) fn check_shift(shift: u32, largest: u32) -> Result<(), Error> {
    if (1..=largest).contains(&shift) {
        return Ok(());
    }
    Err(Error::Setting {
        name: "int8 shift",
        value: shift as f32,
        expected: "from 1 to the largest at which nothing overflows (see nn::int8)",
    })
}
