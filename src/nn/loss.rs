//! What a network's output is measured by.

use crate::Error;

/// A loss of an output against a target of type `Y`: one of this module's, or your own.
pub trait Loss<Y> {
    /// The weight of a sample with this target in the mean over the batch.
    ///
    /// # Errors
    /// [`Error::Class`] where the target is none of the loss's classes.
    fn weight(&self, target: &Y) -> Result<f32, Error>;

    /// Computes the loss of one sample, and overwrites the output with `scale` times the gradient
    /// with respect to it. Cost: a few passes over the output.
    ///
    /// # Errors
    /// [`Error::Class`] where the target is none of the classes, [`Error::Length`] where it is not
    /// as long as the output, [`Error::Setting`] where it is out of its range; the output is left
    /// as it was.
    fn evaluate(&self, output: &mut [f32], target: &Y, scale: f32) -> Result<f32, Error>;
}
