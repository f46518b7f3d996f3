//! An objective that remembers where it was evaluated, and refuses to be asked without end.

use super::form::Limits;
use super::landscape::{LARGEST, Landscape};
use rolling_ball::{Error, Objective};

/// A place.
pub type Point = [f32; LARGEST];

/// A landscape under watch.
#[derive(Clone, Debug)]
pub struct Watched {
    pub landscape: Landscape,
    limits: Limits,
    /// All gradients of all steps.
    evaluation: u32,
    /// What the step in progress has asked for.
    pub asked: Limits,
    /// Whether that was more than it may ask for.
    pub exceeded: bool,
    /// The point at which the step began.
    pub start: Point,
    /// Where the last gradient was asked for, with a loss that is finite: the step went on from
    /// there, or began there.
    pub stood: Point,
    /// The place that was evaluated last, and the last where the loss was finite.
    pub last: Point,
    pub last_finite: Point,
    /// The first gradient of the step.
    pub gradient: Point,
}

impl Watched {
    pub fn new(landscape: Landscape, limits: Limits) -> Self {
        let (point, asked) = ([0.0; LARGEST], Limits { gradients: 0, losses: 0 });
        Self {
            landscape,
            limits,
            evaluation: 0,
            asked,
            exceeded: false,
            start: point,
            stood: point,
            last: point,
            last_finite: point,
            gradient: point,
        }
    }

    /// A step begins at theta.
    pub fn begin(&mut self, theta: &[f32]) {
        self.asked = Limits { gradients: 0, losses: 0 };
        let Self { start, stood, last, last_finite, .. } = self;
        for point in [start, stood, last, last_finite] {
            put(point, theta);
        }
    }

    fn look(&mut self, theta: &[f32]) -> Result<f32, Error> {
        let Limits { gradients, losses } = self.asked;
        if gradients > self.limits.gradients || losses > self.limits.losses {
            self.exceeded = true;
            return Err(Error::UnexpectedAnswer { expected: "fewer evaluations" });
        }
        let loss = self.landscape.loss(theta);
        put(&mut self.last, theta);
        if loss.is_finite() {
            put(&mut self.last_finite, theta);
        }
        Ok(loss)
    }
}

impl Objective for Watched {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.asked.losses += 1;
        self.look(theta)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        self.asked.gradients += 1;
        self.evaluation = self.evaluation.wrapping_add(1);
        self.landscape.gradient(theta, gradient, self.evaluation);
        if self.asked.gradients == 1 {
            put(&mut self.gradient, gradient);
        }
        let loss = self.look(theta)?;
        if loss.is_finite() {
            put(&mut self.stood, theta);
        }
        Ok(loss)
    }
}

/// Whether theta is there, to the bit.
pub fn is_at(theta: &[f32], point: &Point) -> bool {
    theta.iter().zip(point).all(|(t, place)| t.to_bits() == place.to_bits())
}

fn put(point: &mut Point, theta: &[f32]) {
    for (place, t) in point.iter_mut().zip(theta) {
        *place = *t;
    }
}
