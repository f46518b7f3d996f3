//! Gauss-Newton on `D`: linearise `F`, and the minimum along all of theta has a closed form of rank one.

use crate::ball::geometry::Geometry;
use crate::kernels::FootpointSums;
use crate::line_search::Verdict;
use crate::report::FootpointReport;

/// Armijo's constant, the shrinking factor, and the trials of the search along one direction.
const DECREASE: f32 = 1e-4;
const SHRINK: f32 = 0.3;
const TRIALS: u32 = 12;

/// `D` on the line `theta + alpha p` and where the search on it stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GaussNewton {
    pub report: FootpointReport,
    /// `|d|^2`, `d . p` and `|p|^2`, with `d = theta~ - theta` where the line starts.
    distance_squared: f32,
    along: f32,
    pub direction_squared: f32,
    /// `grad D . p`, below 0.
    slope: f32,
    alpha: f32,
    trials: u32,
    /// The direction is this multiple of what the gradient's buffer holds.
    pub buffer_scale: f32,
}

impl GaussNewton {
    /// The first line: from theta, the full move is exactly `-rate g`, whatever the radius, and needs no pass
    /// for its sums.
    pub fn first(geometry: &Geometry) -> Self {
        let Geometry { rate, reach, gradient_squared, .. } = *geometry;
        let distance = reach + rate;
        let above = geometry.height - geometry.displaced_height;
        let distance_squared = distance * distance * gradient_squared;
        let pull = distance + above * geometry.loss_scale;
        Self {
            report: FootpointReport {
                iterations: 0,
                distance: (distance_squared + above * above) / 2.0,
                residual: pull.abs() * libm::sqrtf(gradient_squared),
            },
            distance_squared,
            along: distance * rate * gradient_squared,
            direction_squared: rate * rate * gradient_squared,
            slope: -rate * rate * gradient_squared * (1.0 + geometry.scaled_gradient_squared()),
            alpha: 1.0,
            trials: 0,
            buffer_scale: -rate,
        }
    }

    /// Linearises at an accepted point. `None` where the predicted decrease is within the tolerance; else
    /// the multiple of the gradient that the direction takes off `d`.
    pub fn linearise(
        &mut self,
        geometry: &Geometry,
        sums: FootpointSums,
        loss: f32,
        tolerance: f32,
    ) -> Option<f32> {
        let scale = geometry.loss_scale;
        let above = geometry.above_centre(loss);
        let (q, a, g) = (sums.distance, scale * sums.along, scale * scale * sums.gradient);
        let s = (above + a) / (1.0 + g);
        self.distance_squared = q;
        self.along = q - s * a;
        self.direction_squared = (q - 2.0 * s * a + s * s * g).max(0.0);
        self.slope = -q + s * a + above * a - s * above * g;
        self.alpha = 1.0;
        self.trials = 0;
        self.buffer_scale = 1.0;
        self.report.distance = (q + above * above) / 2.0;
        self.report.residual = libm::sqrtf((q - 2.0 * above * a + above * above * g).max(0.0));
        // Written so that a NaN counts as converged: there is no direction to follow.
        if -self.slope > tolerance * self.report.distance { Some(s * scale) } else { None }
    }

    /// Judges a trial by Armijo's rule on `D`; a loss that is not finite is a rejected trial. The multiples are
    /// of the direction.
    pub fn judge(&mut self, geometry: &Geometry, loss: f32) -> Verdict {
        self.trials = self.trials.saturating_add(1);
        let above = geometry.above_centre(loss);
        let alpha = self.alpha;
        let squared = (self.distance_squared - 2.0 * alpha * self.along
            + alpha * alpha * self.direction_squared)
            .max(0.0);
        let distance = (squared + above * above) / 2.0;
        if distance.is_finite() && distance <= self.report.distance + DECREASE * alpha * self.slope
        {
            self.report.distance = distance;
            self.report.iterations = self.report.iterations.saturating_add(1);
            return Verdict::Accepted;
        }
        if self.trials >= TRIALS {
            return Verdict::Stalled(-alpha);
        }
        self.alpha *= SHRINK;
        Verdict::Retry(self.alpha - alpha)
    }

    /// The length of the accepted move.
    pub fn moved(&self) -> f32 {
        self.alpha * libm::sqrtf(self.direction_squared)
    }
}
