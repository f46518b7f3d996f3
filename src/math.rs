//! Transcendental functions, by a type that the caller may name.

/// The functions that losses need. Every default in this crate is [`Libm`].
pub trait Math {
    /// `e^x`
    fn exp(x: f32) -> f32;
    /// Natural logarithm.
    fn ln(x: f32) -> f32;
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
}
