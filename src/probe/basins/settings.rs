//! The settings of the balls of a map.

use crate::{Error, LaggedContact, Plain, RollingBallConfig, Schedule};
use std::vec::Vec;

/// How the balls of a map roll. Each makes so many steps with the lagged contact and the paper's
/// centre step, at one gradient each. Then plain gradient descent starts from the centre and shows
/// into which minimum of the loss itself the ball would fall.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The radius of the balls.
    pub radius: Schedule,
    /// The learning rate of the centres.
    pub learning_rate: Schedule,
    /// The loss is multiplied by this factor before the balls roll on it.
    pub loss_scale: f32,
    /// How many steps each ball makes.
    pub steps: u32,
    /// The learning rate of the descent into the minimum. It must be below 2 divided by the largest
    /// curvature, or the descent does not come to rest.
    pub settling_rate: f32,
    /// How many steps the descent makes at most. It ends earlier where no step changes theta any
    /// more.
    pub settling_steps: u32,
}

impl Settings {
    /// Settings with a radius and a rate that shrink to nothing together, on half a cosine over so
    /// many steps. They suit wells with the paper's curvatures, up to about 500.
    #[must_use]
    pub fn shrinking(radius: f32, learning_rate: f32, steps: u32) -> Self {
        Self {
            radius: Schedule::Cosine { from: radius, to: 0.0, steps },
            learning_rate: Schedule::Cosine { from: learning_rate, to: 0.0, steps },
            loss_scale: 1.0,
            steps,
            settling_rate: 0.003,
            settling_steps: 400,
        }
    }

    /// The settings of a [`RollingBall`](crate::RollingBall) that rolls in the same way.
    #[must_use]
    pub fn ball(&self) -> RollingBallConfig<LaggedContact, Plain> {
        RollingBallConfig {
            radius: self.radius,
            learning_rate: self.learning_rate,
            loss_scale: self.loss_scale,
            footpoint: LaggedContact,
            centre_step: Plain,
            roll_back: false,
        }
    }

    /// The radius and the learning rate of each step.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] names the setting that is out of range.
    pub fn schedule(&self) -> Result<Vec<[f32; 2]>, Error> {
        self.ball().check()?;
        Error::check_positive("settling rate", self.settling_rate)?;
        let at = |step| {
            let radius = self.radius.checked_at("radius", step, 0)?;
            Ok([radius, self.learning_rate.checked_at("learning rate", step, 0)?])
        };
        (0..self.steps).map(at).collect()
    }
}
