//! Transcendental functions, provided by a type that the caller may choose.

use crate::kernels;

/// The functions that losses and activations need. Every default in this crate is [`Libm`].
pub trait Math {
    /// `e^x`
    fn exp(x: f32) -> f32;
    /// The natural logarithm.
    fn ln(x: f32) -> f32;
    /// `ln(1 + x)`, which stays accurate for small `x`.
    fn ln_1p(x: f32) -> f32;
    /// The hyperbolic tangent.
    fn tanh(x: f32) -> f32;
    /// The error function, `2 / sqrt(pi)` times the integral of `e^(-t^2)` from 0 to `x`.
    fn erf(x: f32) -> f32;
}

/// The functions of the `libm` crate, which give the same bits on every target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Libm;

impl Math for Libm {
    fn exp(x: f32) -> f32 {
        libm::expf(x)
    }

    fn ln(x: f32) -> f32 {
        libm::logf(x)
    }

    fn ln_1p(x: f32) -> f32 {
        libm::log1pf(x)
    }

    fn tanh(x: f32) -> f32 {
        libm::tanhf(x)
    }

    fn erf(x: f32) -> f32 {
        libm::erff(x)
    }
}

/// The `exp` and `ln` of the `micromath` crate, and the functions that it lacks, built on its
/// `exp`. They take less flash than [`Libm`] and are less accurate, and they too give the same bits
/// on every target. Only what names this type uses it, such as `Gelu<64, Micromath>`.
///
/// `exp` is off by at most 0.3 % of its value; below -87 it is 0, and above 88 it is infinite. `ln`
/// and `ln_1p` are off by at most 0.0001, `tanh` by 0.0015 and `erf` by 0.001. A gradient that is
/// computed with this type is not quite that of the loss, since these functions are not exactly the
/// derivatives of each other.
#[cfg(feature = "micromath")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Micromath;

#[cfg(feature = "micromath")]
impl Math for Micromath {
    fn exp(x: f32) -> f32 {
        // Beyond these bounds, and for NaN, the result of micromath means nothing.
        match x {
            x if x > 88.0 => f32::INFINITY,
            x if x < -87.0 => 0.0,
            x if x.is_nan() => x,
            x => micromath::F32Ext::exp(x),
        }
    }

    fn ln(x: f32) -> f32 {
        // Below 1, micromath would use an approximate reciprocal.
        let (x, sign) = if x < 1.0 { (1.0 / x, -1.0) } else { (x, 1.0) };
        match x {
            x if x < 1.0 => f32::NAN,
            x if x.is_finite() => sign * micromath::F32Ext::ln(x),
            x => sign * x,
        }
    }

    fn ln_1p(x: f32) -> f32 {
        Self::ln(1.0 + x)
    }

    fn tanh(x: f32) -> f32 {
        let small = Self::exp(-2.0 * x.abs());
        ((1.0 - small) / (1.0 + small)).copysign(x)
    }

    /// Formula 7.1.26 of Abramowitz and Stegun.
    fn erf(x: f32) -> f32 {
        let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
        let polynomial = t
            * (0.254_829_6
                + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152 + t * 1.061_405_4))));
        (1.0 - polynomial * Self::exp(-(x * x))).copysign(x)
    }
}

/// The length whose square this is, up to rounding: what rounding has left below 0 is a length of
/// 0. A NaN stays one, so that the checks behind it see it; `max(0.0)` would make it 0.
pub(crate) fn length(squared: f32) -> f32 {
    if squared < 0.0 { 0.0 } else { sqrt(squared) }
}

/// The square root of one of a step's scalars.
// Where stable Rust cannot use the square root of the processor, that of libm takes 220 bytes and a
// table, which belong into the binary once, not at every call.
#[inline(never)]
pub(crate) fn sqrt(value: f32) -> f32 {
    kernels::sqrt(value)
}
