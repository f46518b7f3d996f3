//! Weierstrass's function, cut off.

use super::{Separable, objective};
use core::f32::consts::PI;

/// The sum over the parameters `t` and `k = 0 .. terms` of `amplitude^k cos(frequency^k pi t)`:
/// wrinkles on wrinkles, steeper the finer where `amplitude * frequency > 1`. Any number of
/// parameters. The paper's first landscape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weierstrass {
    /// Of a term in units of the term before, above 0 and below 1.
    pub amplitude: f32,
    /// Of a term in units of the term before, above 1.
    pub frequency: f32,
    /// How many terms.
    pub terms: u32,
}

impl Weierstrass {
    fn terms(self) -> impl Iterator<Item = (f32, f32)> {
        let mut term = (1.0, PI);
        (0..self.terms).map(move |_| {
            let (amplitude, frequency) = term;
            term = (amplitude * self.amplitude, frequency * self.frequency);
            (amplitude, frequency)
        })
    }
}

impl Separable for Weierstrass {
    fn height(&self, t: f32) -> f32 {
        let mut height = 0.0;
        for (amplitude, frequency) in self.terms() {
            height += amplitude * libm::cosf(frequency * t);
        }
        height
    }

    fn incline(&self, t: f32) -> f32 {
        let mut slope = 0.0;
        for (amplitude, frequency) in self.terms() {
            slope -= amplitude * frequency * libm::sinf(frequency * t);
        }
        slope
    }
}

objective!(Weierstrass);
