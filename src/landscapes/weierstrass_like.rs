//! Riemann's cousin of Weierstrass's function.

use super::{Landscape, objective, sum, sum_with_slopes};

/// The sum over the parameters `t` and `k = 1 ..= terms` of `sin(k^2 t) / k^2`. Any number of parameters, of period 2 pi each.
/// The paper's second landscape, with 100 terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeierstrassLike {
    /// How many terms.
    pub terms: u16,
}

impl WeierstrassLike {
    fn squares(self) -> impl Iterator<Item = f32> {
        (1..=self.terms).map(|k| f32::from(k) * f32::from(k))
    }

    fn height(self, t: f32) -> f32 {
        let mut height = 0.0;
        for square in self.squares() {
            height += libm::sinf(square * t) / square;
        }
        height
    }

    fn height_and_slope(self, t: f32) -> (f32, f32) {
        let mut slope = 0.0;
        for square in self.squares() {
            slope += libm::cosf(square * t);
        }
        (self.height(t), slope)
    }
}

impl Landscape for WeierstrassLike {
    fn value(&self, theta: &[f32]) -> f32 {
        sum(theta, |t| self.height(t))
    }

    fn slope(&self, theta: &[f32], gradient: &mut [f32]) -> f32 {
        sum_with_slopes(theta, gradient, |t| self.height_and_slope(t))
    }
}

objective!(WeierstrassLike);
