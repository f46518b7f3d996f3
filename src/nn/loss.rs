//! What the network's output is measured by.

use crate::{Error, Libm, Math};
use core::marker::PhantomData;

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
    /// [`Error::Class`], [`Error::Length`].
    fn evaluate(&self, output: &mut [f32], target: &T, scale: f32) -> Result<f32, Error>;
}

/// `-ln softmax(output)[class]`; the target is the class. With class weights, a sample counts by its class's.
///
/// ```
/// use rolling_ball::nn::{Loss, SoftmaxCrossEntropy};
///
/// let loss = SoftmaxCrossEntropy::new();
/// let mut output = [0.0, 0.0];
/// let value = loss.evaluate(&mut output, &1, 1.0)?;
/// assert!((value - 2f32.ln()).abs() < 1e-6);
/// assert_eq!(output, [0.5, -0.5]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SoftmaxCrossEntropy<'a, M = Libm> {
    class_weights: Option<&'a [f32]>,
    math: PhantomData<M>,
}

impl<'a> SoftmaxCrossEntropy<'a> {
    /// Every class weighs the same.
    #[must_use]
    pub const fn new() -> Self {
        Self { class_weights: None, math: PhantomData }
    }

    /// With a weight for each class, to balance classes that occur unequally often.
    ///
    /// # Errors
    /// [`Error::Setting`] where a weight is negative or not finite.
    pub fn with_class_weights(class_weights: &'a [f32]) -> Result<Self, Error> {
        for weight in class_weights {
            Error::check_not_negative("class weight", *weight)?;
        }
        Ok(Self { class_weights: Some(class_weights), math: PhantomData })
    }
}

impl<M: Math> Loss<usize> for SoftmaxCrossEntropy<'_, M> {
    fn weight(&self, target: &usize) -> Result<f32, Error> {
        let Some(weights) = self.class_weights else { return Ok(1.0) };
        let error = Error::Class { class: *target, classes: weights.len() };
        weights.get(*target).copied().ok_or(error)
    }

    fn evaluate(&self, output: &mut [f32], target: &usize, scale: f32) -> Result<f32, Error> {
        let classes = output.len();
        let error = Error::Class { class: *target, classes };
        if let Some(weights) = self.class_weights {
            Error::check_length("class weights", classes, weights.len())?;
        }
        let largest = output.iter().fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a });
        let wanted = *output.get(*target).ok_or(error)?;
        let mut sum = 0.0;
        for logit in output.iter_mut() {
            *logit = M::exp(*logit - largest);
            sum += *logit;
        }
        let factor = scale / sum;
        for element in output.iter_mut() {
            *element *= factor;
        }
        if let Some(element) = output.get_mut(*target) {
            *element -= scale;
        }
        Ok(M::ln(sum) - (wanted - largest))
    }
}

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
