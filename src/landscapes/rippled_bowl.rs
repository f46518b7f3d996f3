//! A quadratic bowl with ripples.

use super::{Landscape, Quadratic, objective};

/// A [`Quadratic`] with ripples: `amplitude (1 - cos(frequency t))` is added for each parameter
/// `t`. An optimizer that does not see the ripples goes straight to 0. It takes any number of
/// parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RippledBowl {
    /// The bowl without its ripples.
    pub bowl: Quadratic,
    /// Half the height of a ripple, in units of the loss.
    pub amplitude: f32,
    /// How many ripples there are in a distance of 2 pi.
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
