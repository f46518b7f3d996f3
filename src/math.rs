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
