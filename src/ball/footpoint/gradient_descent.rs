//! The paper's solver: plain gradient steps on `D`.

use crate::ball::geometry::Geometry;
use crate::ball::{Footpoint, Phase, RollingBall};
use crate::kernels::{FootpointSums, VectorOps};
use crate::optimizer::{FootpointReport, Outcome, check_answer};
use crate::{Error, Request};

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GradientDescent {
    pub report: FootpointReport,
    start: f32,
}

impl GradientDescent {
    /// Starts at theta, the contact that the ball rested on.
    pub fn first(geometry: &Geometry) -> Self {
        let distance = geometry.reach + geometry.rate;
        let above = geometry.above_centre(geometry.loss);
        let mut this = Self::default();
        this.record(
            geometry,
            FootpointSums {
                distance: distance * distance * geometry.gradient_squared,
                along: -distance * geometry.gradient_squared,
                gradient: geometry.gradient_squared,
            },
            above,
        );
        this.start = this.report.distance;
        this
    }

    /// Records `D` and `|grad D|` at a point; returns the multiple of `g` in `grad D`.
    pub fn record(&mut self, geometry: &Geometry, sums: FootpointSums, above: f32) -> f32 {
        let pull = above * geometry.loss_scale;
        let squared = sums.distance - 2.0 * pull * sums.along + pull * pull * sums.gradient;
        self.report.distance = (sums.distance + above * above) / 2.0;
        self.report.residual = libm::sqrtf(squared.max(0.0));
        pull
    }

    /// Whether the projection ended further away than it started.
    pub fn diverged(&self) -> bool {
        self.report.distance > self.start || self.report.distance.is_nan()
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> RollingBall<V, K> {
    /// The first step, from theta with the gradient that is known there.
    pub(in crate::ball) fn start_projection(
        &mut self,
        theta: &mut K::Vector,
        rate: f32,
        tried: Option<f32>,
    ) -> Result<Request, Error> {
        self.gradient_descent = GradientDescent::first(&self.geometry);
        self.resting = true;
        if tried.is_some() {
            self.move_along(theta, rate);
        }
        let (gradient, displaced) = (self.gradient.as_ref(), self.displaced.as_mut());
        K::displace(theta, displaced, gradient, 0.0, self.geometry.reach + rate);
        let above = self.geometry.above_centre(self.geometry.loss);
        self.project(theta, above * self.geometry.loss_scale)
    }

    /// The next step, with the gradient told.
    pub(in crate::ball) fn follow_projection(
        &mut self,
        theta: &mut K::Vector,
        loss: f32,
    ) -> Result<Request, Error> {
        let (gradient, displaced) = (self.gradient.as_ref(), self.displaced.as_ref());
        let sums = K::footpoint_sums(theta, displaced, gradient);
        check_answer(loss, sums.gradient)?;
        let above = self.geometry.above_centre(loss);
        self.geometry.loss = loss;
        let pull = self.gradient_descent.record(&self.geometry, sums, above);
        self.project(theta, pull)
    }

    /// The loss where the last step led.
    pub(in crate::ball) fn end_projection(
        &mut self,
        theta: &mut K::Vector,
        loss: f32,
    ) -> Result<Request, Error> {
        self.geometry.loss = loss;
        self.gradient_descent.report.distance = self.distance(theta, loss);
        self.finish_projection(Some(loss))
    }

    /// One gradient step on `D`.
    fn project(&mut self, theta: &mut K::Vector, pull: f32) -> Result<Request, Error> {
        let Footpoint::GradientDescent { step, iterations } = self.config.footpoint else {
            return self.finish(None, Outcome::Converged);
        };
        let moved = step * self.gradient_descent.report.residual;
        self.record.check_move(moved)?;
        let (gradient, displaced) = (self.gradient.as_mut(), self.displaced.as_ref());
        K::project(theta, displaced, gradient, step, pull);
        self.record.report.absolute_update += moved;
        let done = &mut self.gradient_descent.report.iterations;
        *done = done.saturating_add(1);
        match (*done >= iterations, self.config.roll_back) {
            (true, true) => self.ask_loss(Phase::End),
            (false, true) => self.ask_loss(Phase::ProjectionMove),
            (false, false) => self.ask_gradient(Phase::ProjectionPoint),
            (true, false) => self.finish_projection(None),
        }
    }

    fn finish_projection(&mut self, loss: Option<f32>) -> Result<Request, Error> {
        let outcome = if self.gradient_descent.diverged() {
            Outcome::Diverged
        } else {
            Outcome::IterationLimit
        };
        self.finish(loss, outcome)
    }
}
