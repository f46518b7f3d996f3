//! A bowl with ripples on it.

use super::{Landscape, Quadratic, objective};

/// A [`Quadratic`] with ripples, `amplitude (1 - cos(frequency t))` of each parameter `t`: where an
/// optimizer that sees no ripples goes straight to 0. Any number of parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RippledBowl {
    /// Without its ripples.
    pub bowl: Quadratic,
    /// Half the height of a ripple.
    pub amplitude: f32,
    /// Ripples in 2 pi.
    pub frequency: f32,
}

impl Landscape for RippledBowl {
    fn value(&self, theta: &[f32]) -> f32 {
        let mut ripples = 0.0;
        for t in theta {
            ripples += 1.0 - libm::cosf(self.frequency * t);
        }
        self.bowl.value(theta) + self.amplitude * ripples
    }

    fn slope(&self, theta: &[f32], gradient: &mut [f32]) -> f32 {
        self.bowl.slope(theta, gradient);
        for (place, t) in gradient.iter_mut().zip(theta) {
            *place += self.amplitude * self.frequency * libm::sinf(self.frequency * t);
        }
        self.value(theta)
    }
}

objective!(RippledBowl);
