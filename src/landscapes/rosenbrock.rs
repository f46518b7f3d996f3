//! Rosenbrock's function.

use super::{Landscape, objective};

/// The sum over neighbouring parameters `(x, y)` of `100 (y - x^2)^2 + (1 - x)^2`: a bent valley.
/// Its minimum is 0, where every parameter is 1. It takes two parameters or more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rosenbrock;

fn neighbours(theta: &[f32]) -> impl Iterator<Item = (f32, f32)> {
    theta.iter().zip(theta.iter().skip(1)).map(|(x, y)| (*x, *y))
}

impl Landscape for Rosenbrock {
    fn value(&self, theta: &[f32]) -> f32 {
        let mut loss = 0.0;
        for (x, y) in neighbours(theta) {
            let (away, ahead) = (y - x * x, 1.0 - x);
            loss += 100.0 * away * away + ahead * ahead;
        }
        loss
    }

    fn slope(&self, theta: &[f32], gradient: &mut [f32]) -> f32 {
        gradient.fill(0.0);
        for (index, (x, y)) in (0..theta.len()).zip(neighbours(theta)) {
            let away = y - x * x;
            if let Some([first, second]) =
                gradient.get_mut(index..).and_then(<[f32]>::first_chunk_mut)
            {
                *first += -400.0 * x * away - 2.0 * (1.0 - x);
                *second += 200.0 * away;
            }
        }
        self.value(theta)
    }
}

objective!(Rosenbrock);
