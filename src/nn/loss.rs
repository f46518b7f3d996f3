//! What the network's output is measured by.

use crate::Error;

/// A loss of an output against a target of type `T`.
pub trait Loss<T> {
    /// The weight of a sample with this target in the mean over the batch.
    ///
    /// # Errors
    /// [`Error::Class`] where the target is none of the loss's classes.
    fn weight(&self, target: &T) -> Result<f32, Error>;

    /// The loss of one sample. Overwrites the output with `scale` times the gradient with respect to it.
    ///
    /// # Errors
    /// [`Error::Class`], [`Error::Length`], [`Error::Setting`]; the output is left as it was.
    fn evaluate(&self, output: &mut [f32], target: &T, scale: f32) -> Result<f32, Error>;
}
