//! Riemann's relative of Weierstrass's function.

use super::{Separable, objective};

/// The sum over the parameters `t` and over `k = 1 ..= terms` of `sin(k^2 t) / k^2`. It takes any
/// number of parameters and has the period 2 pi in each. This is the paper's second landscape,
/// which has 100 terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeierstrassLike {
    /// The number of terms.
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
