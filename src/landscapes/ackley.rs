//! Ackley's function.

use super::{Landscape, objective, sum};
use core::f32::consts::{E, TAU};

/// `20 - 20 e^(-r / 5) + e - e^c`, where `r` is the root of the mean of `theta^2` and `c` is the
/// mean of `cos(2 pi theta)`. This is a funnel in a wrinkled plain. Its minimum is 0 at theta = 0,
/// where the tip of the funnel has no slope; the gradient there is defined as 0. It takes any
/// number of parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ackley;

struct Parts {
    count: f32,
    /// `r`
    root: f32,
    /// `e^(-r / 5)`
    funnel: f32,
    /// `e^c`
    waves: f32,
}

impl Parts {
    fn new(theta: &[f32]) -> Self {
        let count = theta.len() as f32;
        let root = libm::sqrtf(sum(theta, |t| t * t) / count);
        let funnel = libm::expf(-root / 5.0);
        let waves = libm::expf(sum(theta, |t| libm::cosf(TAU * t)) / count);
        Self { count, root, funnel, waves }
    }

    fn value(&self) -> f32 {
        20.0 * (1.0 - self.funnel) + (E - self.waves)
    }
}

impl Landscape for Ackley {
    fn value(&self, theta: &[f32]) -> f32 {
        Parts::new(theta).value()
    }

    fn slope(&self, theta: &[f32], gradient: &mut [f32]) -> f32 {
        let parts = Parts::new(theta);
        let Parts { count, root, funnel, waves } = parts;
        for (place, t) in gradient.iter_mut().zip(theta) {
            let along = if root > 0.0 { 4.0 * funnel * t / (count * root) } else { 0.0 };
            *place = along + waves * TAU * libm::sinf(TAU * t) / count;
        }
        parts.value()
    }
}

objective!(Ackley);
