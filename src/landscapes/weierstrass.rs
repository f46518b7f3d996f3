//! Weierstrass's function, with a finite number of terms.

use super::{Separable, objective};
use core::f32::consts::PI;

/// The sum over the parameters `t` and over `k = 0 .. terms` of
/// `amplitude^k cos(frequency^k pi t)`: wrinkles on wrinkles. Where `amplitude * frequency > 1`,
/// finer wrinkles are steeper. It takes any number of parameters. This is the paper's first
/// landscape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weierstrass {
    /// The amplitude of each term divided by that of the term before; above 0 and below 1.
    pub amplitude: f32,
    /// The frequency of each term divided by that of the term before; above 1.
    pub frequency: f32,
    /// The number of terms.
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
