//! Rastrigin's function.

use super::{Separable, objective};
use core::f32::consts::TAU;

/// The sum over the parameters `t` of `t^2 + 10 - 10 cos(2 pi t)`: a bowl with a minimum near every
/// whole number. The lowest is 0 at theta = 0. It takes any number of parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rastrigin;

impl Separable for Rastrigin {
    fn height(&self, t: f32) -> f32 {
        t * t + 10.0 * (1.0 - libm::cosf(TAU * t))
    }

    fn incline(&self, t: f32) -> f32 {
        2.0 * t + 10.0 * TAU * libm::sinf(TAU * t)
    }
}

objective!(Rastrigin);
