//! The nearest point of the graph by the paper's solver: plain gradient steps on `D`.

use super::centre::{Geometry, Tangent};
use super::footpoint::{Body, Footpoint, FootpointNext, GradientAt, Pause, Vectors};
use super::nearest_point;
use crate::Error;
use crate::kernels::{FootpointSums, Vector, VectorOps};
use crate::math::{length, sqrt};
use crate::optimizer::{FootpointReport, Next, Outcome, check_answer};

/// The paper's solver: `iterations` gradient steps of size `step` on `D`, started at theta.
/// Diverges where `step` is larger than about `2 / (1 + |g|^2)`.
///
/// Cost of a step: `iterations` gradient evaluations (the first shares the step's own); with
/// [`roll_back`](crate::RollingBallConfig::roll_back) a loss more for each.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GradientDescent {
    /// Step size (the paper's gamma); above 0.
    pub step: f32,
    /// How many steps (the paper's K); 1 or more.
    pub iterations: u32,
}

/// A projection in progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct Projection {
    report: FootpointReport,
    /// `D` where it started.
    start: f32,
    /// No less than `|grad D|`: the sum of the lengths of its two parts, which may cancel each
    /// other in `residual` where either alone overflows.
    parts: f32,
    /// The centre of the ball is this part of the way from theta to theta~. Of the last step.
    centre_scale: f32,
}

impl Projection {
    /// Starts at theta, the contact that the ball rested on.
    fn first(geometry: &Geometry) -> Self {
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
    fn record(&mut self, geometry: &Geometry, sums: FootpointSums, above: f32) -> f32 {
        let pull = above * geometry.loss_scale;
        let squared = sums.distance - 2.0 * pull * sums.along + pull * pull * sums.gradient;
        self.report.distance = (sums.distance + above * above) / 2.0;
        self.report.residual = length(squared);
        self.parts = sqrt(sums.distance) + pull.abs() * sqrt(sums.gradient);
        pull
    }

    /// The step ends: has the projection come nearer than it started?
    fn end(&mut self, body: &mut Body, loss: Option<f32>) -> FootpointNext<GradientDescent> {
        self.centre_scale = nearest_point::end(body, self.report);
        let diverged = self.report.distance > self.start || self.report.distance.is_nan();
        Next::Done(loss, if diverged { Outcome::Diverged } else { Outcome::IterationLimit })
    }
}

/// The loss after a move.
#[derive(Clone, Copy, Debug)]
pub enum ProjectionLoss {
    /// Before the gradient there is asked for.
    Moved,
    /// Where the step ends.
    End,
}

/// The gradient at a point of the projection.
#[derive(Clone, Copy, Debug)]
pub struct ProjectionPoint;

impl Footpoint for GradientDescent {
    type Search = Projection;
    type Loss = ProjectionLoss;
    type Gradient = ProjectionPoint;

    fn check(&self) -> Result<(), Error> {
        Error::check_positive("projection step", self.step)?;
        Error::check_count("projection iterations", self.iterations)
    }

    fn encode(&self) -> [u32; 3] {
        [0, self.step.to_bits(), self.iterations]
    }

    fn lends_kept(&self) -> bool {
        true
    }

    fn rest<K: VectorOps>(
        &self,
        body: &mut Body,
        _: &mut Projection,
        vectors: Vectors<'_, K::Vector>,
        loss: f32,
    ) -> Result<(), Pause<FootpointNext<Self>>> {
        Ok(nearest_point::rest::<K>(body, vectors, loss)?)
    }

    /// The first gradient step, from theta with the gradient that is known there.
    fn leave<K: VectorOps>(
        &self,
        body: &mut Body,
        projection: &mut Projection,
        vectors: Vectors<'_, K::Vector>,
        Tangent { rate, tried }: Tangent,
    ) -> Result<FootpointNext<Self>, Error> {
        *projection = Projection::first(&body.geometry);
        body.resting = true;
        let Vectors { theta, gradient, kept } = vectors;
        if tried.is_some() {
            // Step 2 has kept theta there while it tried.
            theta.copy_from(kept);
        }
        K::descend_from(kept, theta, gradient, body.geometry.reach + rate);
        let above = body.geometry.above_centre(body.geometry.loss);
        let pull = above * body.geometry.loss_scale;
        self.project::<K>(body, projection, Vectors { theta, gradient, kept }, pull)
    }

    fn told_loss<K: VectorOps>(
        &self,
        body: &mut Body,
        projection: &mut Projection,
        vectors: Vectors<'_, K::Vector>,
        at: ProjectionLoss,
        loss: f32,
    ) -> Result<FootpointNext<Self>, Error> {
        match at {
            ProjectionLoss::Moved => Ok(Next::Gradient(GradientAt::Footpoint(ProjectionPoint))),
            ProjectionLoss::End => {
                body.geometry.loss = loss;
                projection.report.distance = nearest_point::distance::<K>(body, &vectors, loss);
                Ok(projection.end(body, Some(loss)))
            }
        }
    }

    /// The next gradient step.
    fn told_gradient<K: VectorOps>(
        &self,
        body: &mut Body,
        projection: &mut Projection,
        vectors: Vectors<'_, K::Vector>,
        ProjectionPoint: ProjectionPoint,
        loss: f32,
    ) -> Result<FootpointNext<Self>, Error> {
        let sums = K::footpoint_sums(vectors.theta, vectors.kept, vectors.gradient);
        check_answer(loss, sums.gradient)?;
        body.geometry.loss = loss;
        let above = body.geometry.above_centre(loss);
        let pull = projection.record(&body.geometry, sums, above);
        self.project::<K>(body, projection, vectors, pull)
    }

    fn centre<K: VectorOps>(
        &self,
        projection: &Projection,
        out: &mut K::Vector,
        theta: &K::Vector,
        displaced_centre: &K::Vector,
    ) {
        K::interpolate_into(out, theta, displaced_centre, projection.centre_scale);
    }

    fn centre_scale(&self, projection: &Projection) -> f32 {
        projection.centre_scale
    }

    fn resumed(&self, centre_scale: f32) -> Projection {
        Projection { centre_scale, ..Projection::default() }
    }
}

impl GradientDescent {
    /// One gradient step on `D`, whose gradient takes the loss's this many times.
    fn project<K: VectorOps>(
        &self,
        body: &mut Body,
        projection: &mut Projection,
        vectors: Vectors<'_, K::Vector>,
        pull: f32,
    ) -> Result<FootpointNext<Self>, Error> {
        let moved = self.step * projection.report.residual;
        // Neither length is a bound of the other where a square overflows.
        body.record.check_move(moved + self.step * projection.parts)?;
        K::project(vectors.theta, vectors.kept, vectors.gradient, self.step, pull);
        body.record.add_move(moved);
        let done = &mut projection.report.iterations;
        *done = done.saturating_add(1);
        Ok(match (*done >= self.iterations, body.roll_back) {
            (true, true) => Next::Loss(ProjectionLoss::End),
            (false, true) => Next::Loss(ProjectionLoss::Moved),
            (false, false) => Next::Gradient(GradientAt::Footpoint(ProjectionPoint)),
            (true, false) => projection.end(body, None),
        })
    }
}
