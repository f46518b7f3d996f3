//! From exact sums to values of a tensor, as LiteRT rounds them.

use super::super::model::{Activation, Tensor, Type};
use super::super::operation::of_all;
use super::value::Value;
use anyhow::Result;

/// How int8 values are rounded. LiteRT has two ways, which differ by a step now and then.
///
/// Dense layers of LiteRT's reference kernels on desktops do as XNNPACK does; on microcontrollers
/// they do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// That of XNNPACK, which LiteRT has by default on desktops and phones: multiplications in
    /// `f32`, and rounding to even.
    Xnnpack,
    /// The same, but int8 weights under real numbers become real numbers themselves, as they do in
    /// firmware. LiteRT turns what they are multiplied with into int8.
    RealWeights,
    /// That of LiteRT's reference kernels, which microcontrollers have too: multiplications in
    /// fixed point, and rounding of halves upwards.
    #[allow(dead_code, reason = "the tests show where the two differ")]
    FixedPoint,
}

/// A multiplication of an integer by a positive scale, rounded to an integer.
#[derive(Clone, Copy, Debug)]
pub enum Scale {
    /// The product is computed in `f32`, and rounded to the nearest integer.
    Float(f32),
    /// By `multiplier * 2^(shift - 31)`.
    Fixed {
        /// From `2^30` to below `2^31`, or 0.
        multiplier: i64,
        /// The power of two.
        shift: i32,
    },
}

impl Scale {
    /// The scale in an arithmetic.
    pub fn new(scale: f64, arithmetic: Arithmetic) -> Self {
        match arithmetic {
            Arithmetic::Xnnpack | Arithmetic::RealWeights => Self::Float(scale as f32),
            Arithmetic::FixedPoint => Self::fixed(scale),
        }
    }

    /// The scale in fixed point.
    pub fn fixed(scale: f64) -> Self {
        if scale == 0.0 {
            return Self::Fixed { multiplier: 0, shift: 0 };
        }
        // A scale is the quotient of few numbers of f32: it is not subnormal.
        let exponent = ((scale.to_bits() >> 52) & 0x7ff) as i32 - 1022;
        let fraction = scale / 2f64.powi(exponent);
        let multiplier = (fraction * 2f64.powi(31)).round() as i64;
        let (multiplier, shift) =
            if multiplier == 1 << 31 { (1 << 30, exponent + 1) } else { (multiplier, exponent) };
        match shift {
            ..-31 => Self::Fixed { multiplier: 0, shift: 0 },
            31.. => Self::Fixed { multiplier: (1 << 31) - 1, shift: 30 },
            _ => Self::Fixed { multiplier, shift },
        }
    }

    /// The same for sums of so many values, of which there is at least one, to give their mean.
    pub fn divided_by(self, count: usize) -> Self {
        match self {
            Self::Float(scale) => Self::Float(scale / count as f32),
            Self::Fixed { multiplier, shift } => {
                let more = (count.ilog2() as i32).min(31 + shift);
                Self::Fixed { multiplier: (multiplier << more) / count as i64, shift: shift - more }
            }
        }
    }

    /// The product, rounded.
    pub fn times(self, sum: f64) -> f64 {
        match self {
            Self::Float(scale) => f64::from((sum as f32 * scale).round_ties_even()),
            Self::Fixed { multiplier, shift } => {
                let limits = (f64::from(i32::MIN), f64::from(i32::MAX));
                let left = (sum * 2f64.powi(shift.max(0))).clamp(limits.0, limits.1) as i64;
                let high = doubling_high(left, multiplier, 31);
                divided(high, (-shift).max(0)) as f64
            }
        }
    }
}

/// Twice the product's high part: `left * right / 2^bits`, rounded, halves upwards.
pub fn doubling_high(left: i64, right: i64, bits: u32) -> i64 {
    let product = left * right;
    let half = 1i64 << (bits - 1);
    let nudge = if product >= 0 { half } else { 1 - half };
    ((product + nudge) / (1i64 << bits)).min((1i64 << bits) - 1)
}

/// `number / 2^exponent`, rounded, halves away from 0.
pub fn divided(number: i64, exponent: i32) -> i64 {
    let mask = (1i64 << exponent) - 1;
    let threshold = (mask >> 1) + i64::from(number < 0);
    (number >> exponent) + i64::from(number & mask > threshold)
}

/// The output of an operator: its zero, and the values that are let through.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// The type of its values.
    pub kind: Type,
    /// Of each step; 1 for real numbers.
    pub scale: f32,
    zero: f64,
    least: f64,
    most: f64,
}

impl Output {
    /// That of a tensor behind an activation.
    pub fn new(tensor: &Tensor, activation: Activation) -> Result<Self> {
        let (low, high) = activation.range();
        let kind = tensor.kind;
        let Some((least, most)) = kind.range() else {
            return Ok(Self { kind, scale: 1.0, zero: 0.0, least: low.into(), most: high.into() });
        };
        let (scale, zero) = of_all(tensor)?;
        let zero = zero as f64;
        let step = |value: f32| f64::from((value / scale).round()) + zero;
        let (least, most) = ((least as f64).max(step(low)), (most as f64).min(step(high)));
        Ok(Self { kind, scale, zero, least, most })
    }

    /// The value for a number of steps above the zero, or for a real number.
    pub fn value(&self, steps: f64) -> f64 {
        self.stored(steps + self.zero)
    }

    /// The value for one that has the zero in it already.
    pub fn stored(&self, moved: f64) -> f64 {
        // Not `clamp`, which lets no range be empty; a scale can leave an activation nothing.
        if moved.is_nan() { moved } else { moved.max(self.least).min(self.most) }
    }

    /// The values for what [`value`](Self::value) gave.
    pub fn values(&self, numbers: &[f64]) -> Value {
        Value::integers(self.kind, numbers)
    }
}
