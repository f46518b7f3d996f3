//! The loss for numbers of which some are far off.

use super::loss::Loss;
use crate::Error;

/// The mean over the outputs of half the squared difference from the target, where that is at most
/// `delta`; beyond, it grows in a straight line. The target is a slice as long as the output.
///
/// ```
/// use rolling_ball::nn::{Huber, Loss};
///
/// let loss = Huber::new(1.0)?;
/// let mut output = [0.5, 3.0];
/// let target = [0.0, 0.0];
/// let value = loss.evaluate(&mut output, &target.as_slice(), 1.0)?;
/// assert_eq!(value, (0.125 + 2.5) / 2.0);
/// assert_eq!(output, [0.25, 0.5]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Huber {
    delta: f32,
}

impl Huber {
    /// A loss with this largest slope.
    ///
    /// # Errors
    /// [`Error::Setting`] where it is not finite and above 0.
    pub fn new(delta: f32) -> Result<Self, Error> {
        Error::check_positive("delta", delta)?;
        Ok(Self { delta })
    }
}

impl<'t> Loss<&'t [f32]> for Huber {
    fn weight(&self, _target: &&'t [f32]) -> Result<f32, Error> {
        Ok(1.0)
    }

    fn evaluate(&self, output: &mut [f32], target: &&'t [f32], scale: f32) -> Result<f32, Error> {
        Error::check_length("target", output.len(), target.len())?;
        let count = output.len() as f32;
        let mut sum = 0.0;
        for (element, target) in output.iter_mut().zip(*target) {
            let difference = *element - target;
            let magnitude = difference.abs();
            let slope = if magnitude > self.delta {
                sum += self.delta * (magnitude - 0.5 * self.delta);
                self.delta.copysign(difference)
            } else {
                sum += 0.5 * difference * difference;
                difference
            };
            *element = scale * (slope / count);
        }
        Ok(sum / count)
    }
}
