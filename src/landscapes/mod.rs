//! Losses in closed form, to see what an optimizer does: those of the rolling ball's paper and the
//! usual ones.
//!
//! Each is an [`Objective`](crate::Objective), with sines and exponentials from `libm`: the same
//! bits on every target.
//!
//! ```
//! use rolling_ball::landscapes::Weierstrass;
//! use rolling_ball::{RollingBall, RollingBallConfig, step};
//!
//! let mut waves = Weierstrass { amplitude: 0.5, frequency: 3.0, terms: 5 };
//! let config = RollingBallConfig { radius: 0.5.into(), ..RollingBallConfig::default() };
//! let mut ball = RollingBall::new(config, [[0.0]; 2])?;
//! let mut theta = [0.3];
//! let report = step(&mut ball, &mut waves, &mut theta)?;
//! # assert!(report.gradient_norm > Some(0.0));
//! # Ok::<(), rolling_ball::Error>(())
//! ```

mod ackley;
mod gaussian_wells;
mod quadratic;
mod rastrigin;
mod rippled_bowl;
mod rosenbrock;
mod sine_model;
mod weierstrass;
mod weierstrass_like;
mod whitley;

pub use ackley::Ackley;
pub use gaussian_wells::GaussianWells;
pub use quadratic::Quadratic;
pub use rastrigin::Rastrigin;
pub use rippled_bowl::RippledBowl;
pub use rosenbrock::Rosenbrock;
pub use sine_model::SineModel;
pub use weierstrass::Weierstrass;
pub use weierstrass_like::WeierstrassLike;
pub use whitley::Whitley;

use crate::Error;

/// A loss whose two methods cannot fail once the lengths are right.
trait Landscape {
    /// The number of parameters, where the landscape fixes it.
    const PARAMETERS: Option<usize> = None;

    /// The loss at theta.
    fn value(&self, theta: &[f32]) -> f32;

    /// Overwrites the gradient, and returns the loss.
    fn slope(&self, theta: &[f32], gradient: &mut [f32]) -> f32;

    fn checked_value(&self, theta: &[f32]) -> Result<f32, Error> {
        if let Some(expected) = Self::PARAMETERS {
            Error::check_length("theta", expected, theta.len())?;
        }
        Ok(self.value(theta))
    }

    fn checked_slope(&self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        if let Some(expected) = Self::PARAMETERS {
            Error::check_length("theta", expected, theta.len())?;
        }
        Error::check_length("gradient", theta.len(), gradient.len())?;
        Ok(self.slope(theta, gradient))
    }
}

/// Makes an [`Objective`](crate::Objective) of a landscape.
macro_rules! objective {
    ($landscape:ty $(, $($generics:tt)+)?) => {
        impl $(<$($generics)+>)? $crate::Objective for $landscape {
            fn loss(&mut self, theta: &[f32]) -> Result<f32, $crate::Error> {
                $crate::landscapes::Landscape::checked_value(self, theta)
            }

            fn gradient(
                &mut self,
                theta: &[f32],
                gradient: &mut [f32],
            ) -> Result<f32, $crate::Error> {
                $crate::landscapes::Landscape::checked_slope(self, theta, gradient)
            }
        }
    };
}
use objective;

/// Adds up a function of one parameter over all parameters.
fn sum(theta: &[f32], value: impl Fn(f32) -> f32) -> f32 {
    let mut total = 0.0;
    for t in theta {
        total += value(*t);
    }
    total
}

/// A landscape that is the sum of the same function of each parameter.
trait Separable {
    /// The function of one parameter.
    fn height(&self, t: f32) -> f32;

    /// The derivative of that function.
    fn incline(&self, t: f32) -> f32;
}

impl<S: Separable> Landscape for S {
    fn value(&self, theta: &[f32]) -> f32 {
        sum(theta, |t| self.height(t))
    }

    fn slope(&self, theta: &[f32], gradient: &mut [f32]) -> f32 {
        for (place, t) in gradient.iter_mut().zip(theta) {
            *place = self.incline(*t);
        }
        self.value(theta)
    }
}
