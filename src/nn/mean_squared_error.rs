//! The loss for numbers.

use super::loss::Loss;
use crate::Error;

/// `mean_i (output[i] - target[i])^2`; the target is a slice as long as the output.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanSquaredError;

impl<'t> Loss<&'t [f32]> for MeanSquaredError {
    fn weight(&self, _target: &&'t [f32]) -> Result<f32, Error> {
        Ok(1.0)
    }

    fn evaluate(&self, output: &mut [f32], target: &&'t [f32], scale: f32) -> Result<f32, Error> {
        Error::check_length("target", output.len(), target.len())?;
        let count = output.len() as f32;
        let mut sum = 0.0;
        for (element, target) in output.iter_mut().zip(*target) {
            let difference = *element - target;
            sum += difference * difference;
            *element = scale * (2.0 * difference / count);
        }
        Ok(sum / count)
    }
}
