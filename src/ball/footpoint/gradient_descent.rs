//! The paper's solver: plain gradient steps on `D`.

use crate::ball::geometry::Geometry;
use crate::kernels::FootpointSums;
use crate::report::FootpointReport;

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
