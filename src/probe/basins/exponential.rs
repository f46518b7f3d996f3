//! The exponential function of eight numbers at once.

use crate::kernels::{LANES, SimdVector};

// These are the constants of `libm::expf`, which has them from FreeBSD.
const INVERSE_LN_2: f32 = f32::from_bits(0x3fb8_aa3b);
/// The natural logarithm of 2 in two parts. A small integer times the first part is exact.
const LN_2: [f32; 2] = [f32::from_bits(0x3f31_7200), f32::from_bits(0x35bf_be8e)];
const POLYNOMIAL: [f32; 2] = [1.666_662_5e-1, -2.766_733_3e-3];

/// Below this value the result is 0.
const LOWEST: f32 = -104.0;
/// From this value up to 0, `1 + x` is what `libm` gives.
const NEARLY_0: f32 = -1.0 / 8_192.0;
/// Adding this number and subtracting it again rounds to an integer. In between, the low bits are
/// those of the integer.
const TO_INTEGER: f32 = 12_582_912.0;
const EXPONENT_BIAS: u32 = 127;
const MANTISSA_BITS: u32 = 23;

/// `e^x` in every lane, for `x` up to 0, with the bits of `libm::expf` and without a branch. It is
/// NaN where `x` is NaN, and means nothing where `x` is above 0.
#[inline(always)]
#[must_use]
pub fn exponential<V: SimdVector>(x: V) -> V {
    // What the trait has no operation for happens in arrays; the compiler makes vectors of them.
    let mut raised = x.store();
    for x in &mut raised {
        *x = if *x < LOWEST { LOWEST } else { *x };
    }
    let x = V::load(&raised);
    let half_less = V::splat(INVERSE_LN_2) * x - V::splat(0.5);
    let nearest = (half_less + V::splat(TO_INTEGER)) - V::splat(TO_INTEGER);
    // It is rounded towards 0, which is up, since `x` is not above 0.
    let (mut power, bounds) = (nearest.store(), half_less.store());
    for (power, bound) in power.iter_mut().zip(bounds) {
        *power += if *power < bound { 1.0 } else { 0.0 };
    }
    let (mut whole, mut rest) = ([0.0; LANES], [0.0; LANES]);
    for ((whole, rest), power) in whole.iter_mut().zip(&mut rest).zip(power) {
        // Two powers of 2 are multiplied, since a single one may be too small for a normal number.
        let integer = (power + TO_INTEGER).to_bits().wrapping_sub(TO_INTEGER.to_bits());
        let half = (integer.cast_signed() >> 1).cast_unsigned();
        *whole = power_of_2(half);
        *rest = power_of_2(integer.wrapping_sub(half));
    }
    let power = V::load(&power);
    let [high, low] = LN_2.map(|part| power * V::splat(part));
    let high = x - high;
    let reduced = high - low;
    let square = reduced * reduced;
    let [first, second] = POLYNOMIAL.map(V::splat);
    let even = reduced - square * (first + square * second);
    let quotient = reduced * even / (V::splat(2.0) - even);
    let fraction = V::splat(1.0) + ((quotient - low) + high);
    let mut result = (fraction * V::load(&whole) * V::load(&rest)).store();
    let beside_0 = (V::splat(1.0) + x).store();
    for ((result, beside_0), x) in result.iter_mut().zip(beside_0).zip(raised) {
        *result = if x >= NEARLY_0 { beside_0 } else { *result };
    }
    V::load(&result)
}

#[inline(always)]
fn power_of_2(integer: u32) -> f32 {
    f32::from_bits(integer.wrapping_add(EXPONENT_BIAS) << MANTISSA_BITS)
}
