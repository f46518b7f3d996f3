//! What the searches for the nearest point of the graph to the displaced centre have in common:
//! they look for the minimum of `D(theta) = |theta - theta~|^2 / 2 + (F(theta) - y~)^2 / 2`.

use super::footpoint::{Body, Vectors};
use crate::Error;
use crate::kernels::VectorOps;
use crate::optimizer::FootpointReport;

/// Step 1: the ball rests on the graph at theta, with its own normal.
pub fn rest<K: VectorOps>(
    body: &mut Body,
    vectors: Vectors<'_, K::Vector>,
    loss: f32,
) -> Result<(), Error> {
    let (theta_squared, gradient_squared) = K::squared_norms(vectors.theta, vectors.gradient);
    body.record.start(loss, theta_squared, gradient_squared)?;
    body.geometry.rest(loss, gradient_squared)
}

/// `D` at theta, where the loss is this: one pass.
pub fn distance<K: VectorOps>(body: &Body, vectors: &Vectors<'_, K::Vector>, loss: f32) -> f32 {
    // Any finite gradient will do for the pass's other sums, which are not used.
    let squared = K::footpoint_sums(vectors.theta, vectors.kept, vectors.gradient).distance;
    let above = body.geometry.above_centre(loss);
    (squared + above * above) / 2.0
}

/// The search ends: reports it, and returns the part of the way from theta to theta~ that leads to
/// the centre.
pub fn end(body: &mut Body, footpoint: FootpointReport) -> f32 {
    let distance = body.geometry.centre_distance(footpoint.distance);
    let radius = body.geometry.radius;
    body.record.report.footpoint = Some(footpoint);
    body.record.report.contact_gap = Some((distance - radius).abs());
    // The displaced centre lies on the footpoint's normal, above or below: go the radius upwards.
    // From a footpoint at no distance, or one that is not known, there is nowhere to go.
    let part = radius / distance;
    if part.is_finite() { part } else { 0.0 }
}
