//! Riemann's cousin of Weierstrass's function.

use super::{Separable, objective};

/// The sum over the parameters `t` and `k = 1 ..= terms` of `sin(k^2 t) / k^2`. Any number of
/// parameters, of period 2 pi each. The paper's second landscape, with 100 terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeierstrassLike {
    /// How many terms.
    pub terms: u16,
}

impl WeierstrassLike {
    fn squares(self) -> impl Iterator<Item = f32> {
        (1..=self.terms).map(|k| f32::from(k) * f32::from(k))
    }
}

impl Separable for WeierstrassLike {
    fn height(&self, t: f32) -> f32 {
        let mut height = 0.0;
        for square in self.squares() {
            height += libm::sinf(square * t) / square;
        }
        height
    }

    fn incline(&self, t: f32) -> f32 {
        let mut slope = 0.0;
        for square in self.squares() {
            slope += libm::cosf(square * t);
        }
        slope
    }
}

objective!(WeierstrassLike);
