//! The settings of the ball that needs losses only.

use crate::math::sqrt;
use crate::{Error, Schedule};

/// Settings of [`ZerothOrderBall`](crate::ZerothOrderBall).
///
/// [`shrinking`](Self::shrinking) makes all of them of the one number that must be known: how far
/// the start may be from what is looked for.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ZerothOrderBallConfig {
    /// How long theta is.
    pub parameters: usize,
    /// Radius of the ball, above 0, in theta's units: a step asks for the losses at both ends of a
    /// diameter. The ball does not see what is much smaller.
    pub radius: Schedule,
    /// How far a step goes, in radii, where the two ends differ as much as they usually do. A step
    /// is less than 1.4 times as long, however much they differ.
    pub learning_rate: Schedule,
    /// The seed of the directions: the same seed gives the same directions everywhere.
    pub seed: u32,
}

/// How small the radius becomes, as a part of what it was.
const LAST: f32 = 1e-3;

impl ZerothOrderBallConfig {
    /// For so many parameters in about so many steps: the radius shrinks to a thousandth on half a
    /// cosine, and the rate, which is chosen for that, to a quarter. The radius should be about as
    /// large as the distance from the start to what is looked for, or twice that in the plane;
    /// docs/losses_only.md shows how much that matters.
    ///
    /// The rate begins at `24 sqrt(n) / steps`, so that the ball can come several radii far in any
    /// number of dimensions. Where these are too few steps for `n` parameters it begins at
    /// `1 / sqrt(n)` instead, since its way is mostly chance then, but at `6 sqrt(n) / steps` or
    /// 1/2 at least, whichever is smaller.
    ///
    /// ```
    /// use rolling_ball::ZerothOrderBallConfig;
    ///
    /// let config = ZerothOrderBallConfig::shrinking(2.0, 4, 400);
    /// assert_eq!((config.radius.at(0), config.learning_rate.at(0)), (2.0, 0.12));
    /// assert_eq!(config.learning_rate.at(400), 0.03);
    /// ```
    #[must_use]
    pub fn shrinking(radius: f32, parameters: usize, steps: u32) -> Self {
        let root = sqrt(parameters as f32);
        let by_steps = root / steps.max(1) as f32;
        let rate = (1.0 / root).max(6.0 * by_steps).min(24.0 * by_steps).min(0.5);
        Self {
            parameters,
            radius: Schedule::Cosine { from: radius, to: LAST * radius, steps },
            learning_rate: Schedule::Cosine { from: rate, to: rate / 4.0, steps },
            seed: 1,
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        self.radius.check("radius")?;
        self.learning_rate.check("learning rate")
    }
}
