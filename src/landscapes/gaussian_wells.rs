//! Gaussian wells in a bowl.

use super::{Landscape, objective, sum};

/// `|theta|^2 - sum_j e^(-|theta - minimum_j|^2 / (2 width^2))`: a bowl with wells. This is the
/// paper's fifth landscape, which has 1000 wells of width 0.1 between -3 and 3 in two dimensions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianWells<'a, const DIMENSIONS: usize> {
    /// The positions of the wells.
    pub minima: &'a [[f32; DIMENSIONS]],
    /// The standard deviation of the wells, above 0.
    pub width: f32,
}

impl<const DIMENSIONS: usize> GaussianWells<'_, DIMENSIONS> {
    fn depth(&self, theta: &[f32], minimum: &[f32; DIMENSIONS]) -> f32 {
        let mut squared = 0.0;
        for (t, m) in theta.iter().zip(minimum) {
            squared += (t - m) * (t - m);
        }
        libm::expf(-squared / (2.0 * self.width * self.width))
    }
}

impl<const DIMENSIONS: usize> Landscape for GaussianWells<'_, DIMENSIONS> {
    const PARAMETERS: Option<usize> = Some(DIMENSIONS);

    fn value(&self, theta: &[f32]) -> f32 {
        let mut loss = sum(theta, |t| t * t);
        for minimum in self.minima {
            loss -= self.depth(theta, minimum);
        }
        loss
    }

    fn slope(&self, theta: &[f32], gradient: &mut [f32]) -> f32 {
        let mut loss = sum(theta, |t| t * t);
        for (place, t) in gradient.iter_mut().zip(theta) {
            *place = 2.0 * t;
        }
        let variance = self.width * self.width;
        for minimum in self.minima {
            let depth = self.depth(theta, minimum);
            loss -= depth;
            for ((place, t), m) in gradient.iter_mut().zip(theta).zip(minimum) {
                *place += depth * (t - m) / variance;
            }
        }
        loss
    }
}

objective!(GaussianWells<'_, DIMENSIONS>, const DIMENSIONS: usize);
