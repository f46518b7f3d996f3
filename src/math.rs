//! Transcendental functions, by a type that the caller may name.

/// The functions that losses and activations need. Every default in this crate is [`Libm`].
pub trait Math {
    /// `e^x`
    fn exp(x: f32) -> f32;
    /// Natural logarithm.
    fn ln(x: f32) -> f32;
    /// `ln(1 + x)`, exact for small `x` too.
    fn ln_1p(x: f32) -> f32;
    /// Hyperbolic tangent.
    fn tanh(x: f32) -> f32;
    /// The error function, `2 / sqrt(pi)` times the integral of `e^(-t^2)` from 0 to `x`.
    fn erf(x: f32) -> f32;
}

/// The `libm` crate: the same bits on every target.
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

/// The `micromath` crate, and on top of its `exp` the functions that it lacks: less flash than
/// [`Libm`] for less accuracy, the same bits on every target. Nothing uses it but what it is named
/// to, such as `Gelu<64, Micromath>`.
///
/// `exp` is off by at most 0.3 % of its value, and beyond -87 and 88 it is 0 and infinite; `ln` and
/// `ln_1p` by 0.0001, `tanh` by 0.0015, `erf` by 0.001. A gradient with it is not quite that of the
/// loss, whose slope these are not.
#[cfg(feature = "micromath")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Micromath;

#[cfg(feature = "micromath")]
impl Math for Micromath {
    fn exp(x: f32) -> f32 {
        // Beyond, and for NaN, its result means nothing.
        match x {
            x if x > 88.0 => f32::INFINITY,
            x if x < -87.0 => 0.0,
            x if x.is_nan() => x,
            x => micromath::F32Ext::exp(x),
        }
    }

    fn ln(x: f32) -> f32 {
        // Below 1 it would take an approximate reciprocal.
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

    /// By formula 7.1.26 of Abramowitz and Stegun.
    fn erf(x: f32) -> f32 {
        let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
        let polynomial = t
            * (0.254_829_6
                + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152 + t * 1.061_405_4))));
        (1.0 - polynomial * Self::exp(-(x * x))).copysign(x)
    }
}

/// The square root of a scalar of a step.
// Stable Rust reaches no square root of the processor without `std`: libm's takes 220 bytes on a
// Cortex-M4F, which belong into the binary once, not at every call.
#[inline(never)]
pub(crate) fn sqrt(value: f32) -> f32 {
    libm::sqrtf(value)
}
