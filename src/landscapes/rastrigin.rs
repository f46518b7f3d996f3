//! Rastrigin's function.

use super::{Landscape, objective, sum, sum_with_slopes};
use core::f32::consts::TAU;

/// The sum over the parameters `t` of `t^2 + 10 - 10 cos(2 pi t)`: a bowl with a minimum near every whole number, and 0 at 0.
/// Any number of parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rastrigin;

fn height(t: f32) -> f32 {
    t * t + 10.0 * (1.0 - libm::cosf(TAU * t))
}

impl Landscape for Rastrigin {
    fn value(&self, theta: &[f32]) -> f32 {
        sum(theta, height)
    }

    fn slope(&self, theta: &[f32], gradient: &mut [f32]) -> f32 {
        sum_with_slopes(theta, gradient, |t| {
            (height(t), 2.0 * t + 10.0 * TAU * libm::sinf(TAU * t))
        })
    }
}

objective!(Rastrigin);
