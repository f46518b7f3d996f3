//! An ill-conditioned quadratic bowl.

use super::{Landscape, objective};

/// `1/2 sum_i a_i theta_i^2`, where the curvatures `a_i` grow from 1 to `condition` in equal
/// ratios. It takes any number of parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quadratic {
    /// The largest curvature divided by the smallest; 1 or above.
    pub condition: f32,
}

impl Quadratic {
    pub(crate) fn curvatures(self, count: usize) -> impl Iterator<Item = f32> {
        let last = count.saturating_sub(1).max(1) as f32;
        (0..count).map(move |index| libm::powf(self.condition, index as f32 / last))
    }
}

impl Landscape for Quadratic {
    fn value(&self, theta: &[f32]) -> f32 {
        let mut loss = 0.0;
        for (t, curvature) in theta.iter().zip(self.curvatures(theta.len())) {
            loss += 0.5 * curvature * t * t;
        }
        loss
    }

    fn slope(&self, theta: &[f32], gradient: &mut [f32]) -> f32 {
        for ((place, t), curvature) in
            gradient.iter_mut().zip(theta).zip(self.curvatures(theta.len()))
        {
            *place = curvature * t;
        }
        self.value(theta)
    }
}

objective!(Quadratic);
