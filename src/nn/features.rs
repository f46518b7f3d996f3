//! Features that are kept, so that a backbone is evaluated once a sample, and not in each step.

use super::backbone::{Backbone, Nothing};
use super::layer::Layer;
use super::network::Network;
use super::sample::{Input, Sample};
use super::samples::{Samples, row};
use super::split::split_mut;
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::Kernels;

/// What a network with the backbone `B` can be given: an [`Input`], which the backbone sees, or the
/// [`Features`] of one, which the layers after it see.
pub trait FeatureSource<B> {
    /// Writes the features that the layers see.
    ///
    /// # Errors
    /// [`Error::Length`] where the input or the features have another length than the network says.
    fn features<K: Kernels>(
        &self,
        backbone: &B,
        scratch: &mut [f32],
        features: &mut [f32],
    ) -> Result<(), Error>;
}

impl<I: Input + ?Sized, B: Backbone> FeatureSource<B> for I {
    fn features<K: Kernels>(
        &self,
        backbone: &B,
        scratch: &mut [f32],
        features: &mut [f32],
    ) -> Result<(), Error> {
        backbone.features::<K>(self, scratch, features)
    }
}

/// Features instead of an input: the values are what the backbone would give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Features<F>(pub F);

impl<F: Input, B> FeatureSource<B> for Features<F> {
    fn features<K: Kernels>(
        &self,
        _backbone: &B,
        _scratch: &mut [f32],
        features: &mut [f32],
    ) -> Result<(), Error> {
        self.0.write(features)
    }
}

/// A sample's features where there was room to keep them, and its input where there was none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaybeKept<I, F> {
    /// The features were kept.
    Kept(Features<F>),
    /// They are computed from the input each time.
    Input(I),
}

impl<I: FeatureSource<B>, F: Input, B> FeatureSource<B> for MaybeKept<I, F> {
    fn features<K: Kernels>(
        &self,
        backbone: &B,
        scratch: &mut [f32],
        features: &mut [f32],
    ) -> Result<(), Error> {
        match self {
            Self::Kept(kept) => kept.features::<K>(backbone, scratch, features),
            Self::Input(input) => input.features::<K>(backbone, scratch, features),
        }
    }
}

/// Samples whose features are kept, so that an evaluation costs the trained layers only;
/// [`Network::keep`] computes them. Samples beyond the room are evaluated from their input.
#[derive(Clone, Copy, Debug)]
pub struct KeptFeatures<'k, B: Backbone, S> {
    backbone: B,
    features: &'k [B::Feature],
    width: usize,
    samples: S,
}

impl<'k, B: Backbone, S: Samples> Samples for KeptFeatures<'k, B, S> {
    type Input = MaybeKept<S::Input, B::Kept<'k>>;
    type Target = S::Target;

    fn len(&self) -> usize {
        self.samples.len()
    }

    fn get(&self, index: usize) -> Option<Sample<Self::Input, S::Target>> {
        let Sample { input, target } = self.samples.get(index)?;
        let input = match row(self.features, self.width, index) {
            Some(features) => MaybeKept::Kept(Features(self.backbone.kept(features))),
            None => MaybeKept::Input(input),
        };
        Some(Sample { input, target })
    }
}

/// What [`features!`](super::features!) asks a network.
#[doc(hidden)]
pub trait HasFeatures {
    /// One feature, as it is kept.
    type Feature;
}

impl<L, B: Backbone, K> HasFeatures for Network<'_, L, B, K> {
    type Feature = B::Feature;
}

/// The type of the array that keeps the features of so many samples: bytes after an int8 backbone,
/// else `f32`. As a static of zeros it takes no flash.
///
/// ```
/// use rolling_ball::nn::{self, Dense, FloatBackbone, Network, Relu};
///
/// type Backbone = FloatBackbone<'static, (Dense<8, 4>, Relu<4>)>;
/// type Net = Network<'static, Dense<4, 2>, Backbone>;
/// static KEPT: nn::features!(Net, 20) = [0.0; 20 * Net::FEATURES];
/// assert_eq!(size_of_val(&KEPT), 20 * Net::FEATURE_BYTES);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __nn_features {
    ($network:ty, $samples:expr) => {
        [<$network as $crate::nn::HasFeatures>::Feature; { $samples * <$network>::FEATURES }]
    };
}

impl<L: Layer, B: Backbone> Network<'_, L, B> {
    /// Number of features of a sample: what the backbone gives, and the trained layers see.
    pub const FEATURES: usize = L::INPUTS;
    /// Bytes that the features of a sample take where they are kept, in RAM or in flash.
    pub const FEATURE_BYTES: usize = L::INPUTS * size_of::<B::Feature>();
}

impl<'a, L: Layer, B: Backbone, K: Kernels> Network<'a, L, B, K> {
    /// Computes the features of one input, to be kept: beside the sample in
    #[cfg_attr(feature = "heapless", doc = "[`SampleStore`](super::SampleStore),")]
    #[cfg_attr(not(feature = "heapless"), doc = "`SampleStore` (feature `heapless`),")]
    /// or in flash. Of the scratch slice as many floats are used as the backbone needs, which a
    /// training and a prediction both have. Cost: the backbone's forward pass.
    ///
    /// # Errors
    /// [`Error::Length`] where the input, the scratch slice or `kept` have another length than the
    /// network says, [`Error::NonFiniteInput`] where an int8 backbone has no byte for a value.
    pub fn features(
        &self,
        input: &(impl Input + ?Sized),
        scratch: &mut [f32],
        kept: &mut [B::Feature],
    ) -> Result<(), Error> {
        Error::check_length("features", L::INPUTS, kept.len())?;
        let (inside, _) = split_mut("scratch", scratch, B::SCRATCH)?;
        self.backbone().keep::<K>(input, inside, kept)
    }

    /// Computes the features of the first samples, as many as `kept` has room for, and gives back
    /// the samples with them. A [`batch`](Self::batch) over these has the bits of one over the
    /// samples themselves, and evaluates the backbone for what had no room only. Cost: the
    /// backbone's forward pass, once a sample.
    ///
    /// ```
    /// use rolling_ball::nn::{self, Dense, FloatBackbone, Network, Relu, Samples};
    /// use rolling_ball::nn::SoftmaxCrossEntropy;
    /// use rolling_ball::{RollingBall, RollingBallConfig, step};
    ///
    /// type Backbone = FloatBackbone<'static, (Dense<2, 8>, Relu<8>)>;
    /// type Net = Network<'static, Dense<8, 2>, Backbone>;
    /// static IN_FLASH: [f32; Backbone::PARAMETERS] = [0.25; Backbone::PARAMETERS];
    ///
    /// let network = Net::with_backbone(Backbone::new(&IN_FLASH)?, &[])?;
    /// let samples = (&[[1.0, 0.0], [-1.0, 0.0], [0.5, 0.5]], &[0, 1, 0]);
    /// let mut scratch = [0.0; Net::SCRATCH];
    /// let mut kept: nn::features!(Net, 3) = [0.0; 3 * Net::FEATURES];
    /// let features = network.keep(samples, &mut kept, &mut scratch)?;
    ///
    /// let mut theta = [0.0; Net::PARAMETERS];
    /// let mut batch = network.batch(SoftmaxCrossEntropy::new(), features.all(), &mut scratch)?;
    /// let mut ball = RollingBall::new(RollingBallConfig::default(), [[0.0; Net::PARAMETERS]; 2])?;
    /// for _ in 0..200 {
    ///     step(&mut ball, &mut batch, &mut theta)?;
    /// }
    /// drop(batch);
    /// for sample in features.all() {
    ///     assert_eq!(network.classify(&theta, &sample.input, &mut scratch)?, sample.target);
    /// }
    /// # Ok::<(), rolling_ball::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`features`](Self::features).
    pub fn keep<'k, S: Samples<Input: Input>>(
        &self,
        samples: S,
        kept: &'k mut [B::Feature],
        scratch: &mut [f32],
    ) -> Result<KeptFeatures<'k, B, S>, Error> {
        for (place, sample) in kept.whole_chunks_mut(L::INPUTS).zip(samples.all()) {
            self.features(&sample.input, scratch, place)?;
        }
        Ok(self.kept(samples, kept))
    }

    /// The samples with features that were computed before, such as those that lie in flash: the
    /// features of the first sample first. What is beyond them is evaluated from its input.
    #[must_use]
    pub fn kept<'k, S: Samples>(
        &self,
        samples: S,
        features: &'k [B::Feature],
    ) -> KeptFeatures<'k, B, S> {
        KeptFeatures { backbone: *self.backbone(), features, width: L::INPUTS, samples }
    }

    /// The layers after the backbone as a network of their own, with the same theta, for features
    /// that lie elsewhere or that another engine computes.
    #[must_use]
    pub fn tail(&self) -> Network<'a, L, Nothing, K> {
        self.after(Nothing)
    }
}
