//! A single sample, for callers that go over samples themselves.

use super::backbone::Backbone;
use super::features::{FeatureSource, Features};
use super::layer::Layer;
use super::loss::Loss;
use super::network::Network;
use super::parameters::Gradient;
use super::sample::Sample;
use super::split::split_mut;
use crate::Error;
use crate::kernels::Kernels;

impl<L: Layer, B: Backbone, K: Kernels> Network<'_, L, B, K> {
    /// Evaluates one sample: adds its gradient to `gradient`, where there is one, and returns its
    /// loss, both multiplied by `weight` and by the weight that the loss gives its target.
    ///
    /// For who goes over samples in an order of their own, or cannot keep a
    /// [`Batch`](super::Batch), as C cannot. From a gradient of `-0.0` on, to which anything may be
    /// added without a change, one call a sample with the weight `1 / samples` gives the bits of a
    /// batch. Cost: one forward pass, and with a gradient a backward pass.
    ///
    /// ```
    /// use rolling_ball::nn::{Dense, Network, Sample, SoftmaxCrossEntropy};
    ///
    /// type Net = Network<'static, Dense<2, 2>>;
    /// let (network, loss) = (Net::new(&[])?, SoftmaxCrossEntropy::new());
    /// let samples = [([1.0, 0.0], 0), ([0.0, 1.0], 1)];
    /// let (theta, mut scratch) = ([0.0; Net::PARAMETERS], [0.0; Net::SCRATCH]);
    /// let (mut mean, mut gradient) = (0.0, [-0.0; Net::PARAMETERS]);
    /// for (input, target) in samples {
    ///     let sample = Sample { input, target };
    ///     mean += network.add_sample(
    ///         &theta, &sample, &loss, 0.5, &mut scratch, Some(&mut gradient),
    ///     )?;
    /// }
    /// assert!((mean - 2f32.ln()).abs() < 1e-6);
    /// assert_eq!(gradient[..4], [-0.25, 0.25, 0.25, -0.25]);
    /// # Ok::<(), rolling_ball::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] where theta, the input or the gradient has another length than it must
    /// have, or the scratch slice is shorter than [`SCRATCH`](Network::SCRATCH);
    /// [`Error::Setting`] where the weight is negative or not finite; those of the loss.
    /// Nothing is added then.
    pub fn add_sample<I: FeatureSource<B>, Y>(
        &self,
        theta: &[f32],
        Sample { input, target }: &Sample<I, Y>,
        loss: &impl Loss<Y>,
        weight: f32,
        scratch: &mut [f32],
        gradient: Option<&mut [f32]>,
    ) -> Result<f32, Error> {
        Error::check_not_negative("weight", weight)?;
        Error::check_length("theta", L::PARAMETERS, theta.len())?;
        if let Some(gradient) = &gradient {
            Error::check_length("gradient", L::PARAMETERS, gradient.len())?;
        }
        let (features, rest) = Self::cut(scratch, 1)?;
        let (inside, _) = split_mut("scratch", rest, B::SCRATCH)?;
        input.features::<K>(self.backbone(), inside, features)?;
        let (activations, rest) = split_mut("scratch", rest, L::ACTIVATIONS)?;
        let (output, _) = split_mut("scratch", rest, L::OUTPUTS)?;
        L::forward::<K>(self.parameters(theta), features, activations, output)?;
        let weight = loss.weight(target)? * weight;
        let value = weight * loss.evaluate(output, target, weight)?;
        if let Some(values) = gradient {
            let gradient = Gradient { values, add: true };
            L::backward::<K>(self.parameters(theta), features, activations, output, gradient)?;
        }
        Ok(value)
    }

    /// What was kept of one sample by [`features`](Self::features), to be given in place of its
    /// input. The bits are those that the input gives.
    ///
    /// ```
    /// use rolling_ball::nn::{Dense, FloatBackbone, Network};
    ///
    /// type Net = Network<'static, Dense<2, 2>, FloatBackbone<'static, Dense<3, 2>>>;
    /// let network = Net::with_backbone(FloatBackbone::new(&[0.5; 8])?, &[])?;
    /// let (theta, mut scratch) = ([1.0; Net::PARAMETERS], [0.0; Net::SCRATCH]);
    /// let mut kept = [0.0; Net::FEATURES];
    /// network.features(&[1.0, 2.0, 3.0], &mut scratch, &mut kept)?;
    /// let output = network.predict(&theta, &network.kept_features(&kept), &mut scratch)?;
    /// assert_eq!(output, [8.0, 8.0]);
    /// # Ok::<(), rolling_ball::Error>(())
    /// ```
    #[must_use]
    pub fn kept_features<'k>(&self, kept: &'k [B::Feature]) -> Features<B::Kept<'k>> {
        Features(self.backbone().kept(kept))
    }
}
