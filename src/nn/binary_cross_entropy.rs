//! The loss for answers of yes or no.

use super::loss::Loss;
use crate::{Error, Libm, Math};
use core::marker::PhantomData;

/// The mean over the outputs `z` of `-t ln p - (1 - t) ln(1 - p)`, where `p = 1 / (1 + e^-z)`; the
/// target is a slice of probabilities `t`, as long as the output. The sigmoid belongs to the loss:
/// the network ends without one.
///
/// ```
/// use rolling_ball::nn::{BinaryCrossEntropyWithLogits, Loss};
///
/// let loss = BinaryCrossEntropyWithLogits::new();
/// let mut output = [0.0, 0.0];
/// let target = [1.0, 0.0];
/// let value = loss.evaluate(&mut output, &target.as_slice(), 1.0)?;
/// assert!((value - 2f32.ln()).abs() < 1e-6);
/// assert_eq!(output, [-0.25, 0.25]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryCrossEntropyWithLogits<F = Libm>(PhantomData<F>);

impl BinaryCrossEntropyWithLogits {
    /// A loss with the functions of [`Libm`].
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    /// A loss with the functions that the type names.
    #[must_use]
    pub fn with_math<G: Math>(self, _math: G) -> BinaryCrossEntropyWithLogits<G> {
        BinaryCrossEntropyWithLogits(PhantomData)
    }
}

impl<'t, F: Math> Loss<&'t [f32]> for BinaryCrossEntropyWithLogits<F> {
    fn weight(&self, _target: &&'t [f32]) -> Result<f32, Error> {
        Ok(1.0)
    }

    fn evaluate(&self, output: &mut [f32], target: &&'t [f32], scale: f32) -> Result<f32, Error> {
        Error::check_length("target", output.len(), target.len())?;
        for target in *target {
            Error::check_probability("target", *target)?;
        }
        let count = output.len() as f32;
        let mut sum = 0.0;
        for (element, target) in output.iter_mut().zip(*target) {
            let logit = *element;
            // Never above 1, so that nothing overflows.
            let small = F::exp(-logit.abs());
            let sigmoid = if logit >= 0.0 { 1.0 } else { small } / (1.0 + small);
            let positive = if logit <= 0.0 { 0.0 } else { logit };
            sum += (positive - logit * target) + F::ln_1p(small);
            *element = scale * ((sigmoid - target) / count);
        }
        Ok(sum / count)
    }
}
