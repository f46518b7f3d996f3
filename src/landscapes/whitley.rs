//! Whitley's function.

use super::{Landscape, objective};

/// The sum over all pairs `(x, y)` of parameters of `d^2 / 4000 - cos(d) + 1` with
/// `d = 100 (x^2 - y)^2 + (1 - y)^2`: Rosenbrock's valley in wrinkles. Its minimum is 0, where
/// every parameter is 1. It takes any number of parameters. This is the paper's third landscape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whitley;

fn depth(x: f32, y: f32) -> f32 {
    let (away, ahead) = (x * x - y, 1.0 - y);
    100.0 * away * away + ahead * ahead
}

impl Landscape for Whitley {
    fn value(&self, theta: &[f32]) -> f32 {
        let mut loss = 0.0;
        for x in theta {
            for y in theta {
                let depth = depth(*x, *y);
                loss += depth * depth / 4000.0 + (1.0 - libm::cosf(depth));
            }
        }
        loss
    }

    fn slope(&self, theta: &[f32], gradient: &mut [f32]) -> f32 {
        // The derivative of a pair's term with respect to its depth `d`.
        let outer = |x, y| {
            let depth = depth(x, y);
            depth / 2000.0 + libm::sinf(depth)
        };
        for (place, t) in gradient.iter_mut().zip(theta) {
            let mut slope = 0.0;
            for other in theta {
                slope += outer(*t, *other) * 400.0 * (t * t - other) * t;
                slope += outer(*other, *t) * (-200.0 * (other * other - t) - 2.0 * (1.0 - t));
            }
            *place = slope;
        }
        self.value(theta)
    }
}

objective!(Whitley);
