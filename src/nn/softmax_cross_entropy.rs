//! The loss for one class of several.

use super::loss::Loss;
use crate::{Error, Libm, Math};
use core::marker::PhantomData;

/// `-ln softmax(output)[class]`; the target is the class. With class weights, a sample counts by
/// its class's. With label smoothing, a part of the target is spread over all classes.
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
pub struct SoftmaxCrossEntropy<'a, F = Libm> {
    class_weights: Option<&'a [f32]>,
    smoothing: f32,
    math: PhantomData<F>,
}

impl<'a> SoftmaxCrossEntropy<'a> {
    /// Every class weighs the same; no label smoothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { class_weights: None, smoothing: 0.0, math: PhantomData }
    }

    /// With a weight for each class, to balance classes that occur unequally often.
    ///
    /// # Errors
    /// [`Error::Setting`] where a weight is negative or not finite.
    pub fn with_class_weights(class_weights: &'a [f32]) -> Result<Self, Error> {
        for weight in class_weights {
            Error::check_not_negative("class weight", *weight)?;
        }
        Ok(Self { class_weights: Some(class_weights), ..Self::new() })
    }
}

impl<'a, F> SoftmaxCrossEntropy<'a, F> {
    /// With the part `smoothing` of the target spread evenly over all classes, so that the network
    /// is not driven to be ever more certain. With class weights, each class's part counts by that
    /// class's weight, and the whole by the weight of the sample's class, as in PyTorch; but a
    /// sample whose class weighs nothing does not count at all.
    ///
    /// ```
    /// use rolling_ball::nn::{Loss, SoftmaxCrossEntropy};
    ///
    /// let loss = SoftmaxCrossEntropy::new().with_label_smoothing(0.2)?;
    /// let mut output = [0.0, 0.0];
    /// loss.evaluate(&mut output, &1, 1.0)?;
    /// assert!((output[1] + 0.4).abs() < 1e-6); // 0.5 - (0.8 + 0.2 / 2)
    /// # Ok::<(), rolling_ball::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`] where it is not at least 0 and below 1.
    pub fn with_label_smoothing(self, smoothing: f32) -> Result<Self, Error> {
        Error::check_fraction("label smoothing", smoothing)?;
        Ok(Self { smoothing, ..self })
    }

    /// A loss with the functions that the type names.
    #[must_use]
    pub fn with_math<G: Math>(self, _math: G) -> SoftmaxCrossEntropy<'a, G> {
        let Self { class_weights, smoothing, math: _ } = self;
        SoftmaxCrossEntropy { class_weights, smoothing, math: PhantomData }
    }

    /// What label smoothing puts on each class, for a sample that counts by `weight`.
    fn spread(&self, classes: usize, weight: f32) -> impl Iterator<Item = f32> + use<'_, F> {
        let even = self.smoothing / classes as f32;
        (0..classes).map(move |class| match self.class_weights.map(|weights| weights.get(class)) {
            None => even,
            Some(own) if weight > 0.0 => even * (own.copied().unwrap_or(0.0) / weight),
            Some(_) => 0.0,
        })
    }
}

impl<F: Math> Loss<usize> for SoftmaxCrossEntropy<'_, F> {
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
        let wanted = *output.get(*target).ok_or(error)?;
        let weight = self.weight(target)?;
        let largest = output.iter().fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a });
        // The target's parts, all together, and their sum of the logits.
        let certain = 1.0 - self.smoothing;
        let (mut parts, mut along) = (certain, certain * (wanted - largest));
        if self.smoothing > 0.0 {
            for (logit, part) in output.iter().zip(self.spread(classes, weight)) {
                parts += part;
                along += part * (*logit - largest);
            }
        }
        let mut sum = 0.0;
        for logit in output.iter_mut() {
            *logit = F::exp(*logit - largest);
            sum += *logit;
        }
        let factor = scale * parts / sum;
        for element in output.iter_mut() {
            *element *= factor;
        }
        if self.smoothing > 0.0 {
            for (element, part) in output.iter_mut().zip(self.spread(classes, weight)) {
                *element -= scale * part;
            }
        }
        if let Some(element) = output.get_mut(*target) {
            *element -= scale * certain;
        }
        Ok(parts * F::ln(sum) - along)
    }
}
