//! A network: a backbone that is frozen, and layers of which some are trained.

use super::backbone::{Backbone, Nothing};
use super::chain::assert_neighbours_fit;
use super::features::FeatureSource;
use super::kinds::{GroupsByKind, PartsByKind};
use super::layer::{Layer, larger};
use super::parameters::{ParameterKind, Parameters};
use super::split::split_mut;
use crate::Error;
use crate::kernels::{Active, Kernels};
use core::marker::PhantomData;

/// The layers `L` after the backbone `B`. Theta is what is trained in `L`, and only that.
///
/// What to train is part of the types: all of the layers ([`All`](super::All), the default), the
/// last ones after a frozen [`Backbone`], the biases ([`BiasesOnly`](super::BiasesOnly)), or any
/// set of layers with the others [`Frozen`](super::Frozen).
///
/// ```
/// use rolling_ball::nn::{BiasesOnly, Dense, Frozen, Network, Relu};
///
/// type Whole = Network<'static, (Dense<8, 16>, Relu<16>, Dense<16, 4>)>;
/// type Biases =
///     Network<'static, (Dense<8, 16, BiasesOnly>, Relu<16>, Dense<16, 4, BiasesOnly>)>;
/// type FirstLayer = Network<'static, (Dense<8, 16>, Relu<16>, Dense<16, 4, Frozen>)>;
/// assert_eq!(Whole::PARAMETERS, 8 * 16 + 16 + 16 * 4 + 4);
/// assert_eq!((Biases::PARAMETERS, Biases::FROZEN_PARAMETERS), (16 + 4, 8 * 16 + 16 * 4));
/// assert_eq!((FirstLayer::PARAMETERS, FirstLayer::FROZEN_PARAMETERS), (8 * 16 + 16, 16 * 4 + 4));
///
/// static IN_FLASH: [f32; FirstLayer::FROZEN_PARAMETERS] = [0.0; FirstLayer::FROZEN_PARAMETERS];
/// let network = FirstLayer::new(&IN_FLASH)?;
/// let theta = [0.1; FirstLayer::PARAMETERS];
/// let mut scratch = [0.0; FirstLayer::INFERENCE_SCRATCH];
/// let logits = network.predict(&theta, &[1.0; 8], &mut scratch)?;
/// assert_eq!(logits, [0.0; 4]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Debug)]
pub struct Network<'a, L, B = Nothing, K = Active> {
    backbone: B,
    frozen: &'a [f32],
    parts: PhantomData<(L, K)>,
}

impl<L, B: Copy, K> Clone for Network<'_, L, B, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L, B: Copy, K> Copy for Network<'_, L, B, K> {}

impl<'a, L: Layer> Network<'a, L> {
    /// A network without a backbone, over the frozen parameters of its layers in their order: an
    /// empty slice where all are trained.
    ///
    /// # Errors
    /// [`Error::Length`] where there are not [`FROZEN_PARAMETERS`](Self::FROZEN_PARAMETERS) of
    /// them.
    pub fn new(frozen: &'a [f32]) -> Result<Self, Error> {
        Self::with_backbone(Nothing, frozen)
    }
}

impl<'a, L: Layer, B: Backbone> Network<'a, L, B> {
    /// A network after a backbone; the rest is as in [`new`](Network::new).
    ///
    /// # Errors
    /// As [`new`](Network::new).
    pub fn with_backbone(backbone: B, frozen: &'a [f32]) -> Result<Self, Error> {
        Error::check_length("frozen parameters", L::FROZEN, frozen.len())?;
        Ok(Self { backbone, frozen, parts: PhantomData })
    }

    /// The same network with the kernels named: the bits are the same, the speed may not be.
    #[must_use]
    pub fn with_backend<K: Kernels>(self, _kernels: K) -> Network<'a, L, B, K> {
        Network { backbone: self.backbone, frozen: self.frozen, parts: PhantomData }
    }

    /// Length of theta: the number of parameters that are trained.
    pub const PARAMETERS: usize = {
        if let Some((_, outputs)) = B::SHAPE {
            assert_neighbours_fit(outputs, L::INPUTS);
        }
        L::PARAMETERS
    };
    /// Number of frozen parameters in the layers (the backbone has its own).
    pub const FROZEN_PARAMETERS: usize = L::FROZEN;
    /// Length of a sample's input.
    pub const INPUTS: usize = match B::SHAPE {
        Some((inputs, _)) => inputs,
        None => L::INPUTS,
    };
    /// Length of the output.
    pub const OUTPUTS: usize = L::OUTPUTS;
    /// Length of the scratch slice of a training, in floats: the activations of one sample, and its
    /// input.
    pub const SCRATCH: usize = Self::scratch(1);
    /// Length of the scratch slice of a prediction, in floats: two buffers that take turns, since
    /// nothing is kept for a backward pass. It is never more than [`SCRATCH`](Self::SCRATCH), so
    /// the scratch slice of a training serves as well.
    pub const INFERENCE_SCRATCH: usize = {
        let [front, back] = L::BUFFERS;
        // The backbone is done before the layers begin, and leaves their input.
        larger(L::INPUTS + B::SCRATCH, front + back + L::INFERENCE)
    };
    /// Bytes of RAM for training with the ball: theta, the optimizer's two vectors, the scratch
    /// slice.
    pub const RAM_BYTES: usize = Self::ram_bytes(2);

    /// Length of a scratch slice in which a [`Batch`](super::Batch) evaluates this many samples at
    /// once, in floats. That is faster, since the weights are loaded once for all of them, and
    /// gives the same bits.
    #[must_use]
    pub const fn scratch(samples: usize) -> usize {
        // As of a prediction.
        samples * L::INPUTS + larger(B::SCRATCH, samples * (L::ACTIVATIONS + L::OUTPUTS))
    }

    /// Theta in parts for [`ByPart`](crate::ByPart): `choose` gives the rate and the decay of each
    /// kind of parameter, see [`Part`](crate::Part).
    ///
    /// ```
    /// use rolling_ball::nn::{Dense, Network, ParameterKind};
    /// use rolling_ball::{Part, Parts};
    ///
    /// type Net = Network<'static, Dense<8, 4>>;
    /// let mut parts = Vec::new();
    /// let no_decay_of_biases = Net::parts(|kind| match kind {
    ///     ParameterKind::Weight => (1.0, 0.1),
    ///     _ => (1.0, 0.0),
    /// });
    /// no_decay_of_biases.each(&mut |part| parts.push(part));
    /// let weights = Part { length: 8 * 4, rate: 1.0, decay: 0.1 };
    /// assert_eq!(parts, [weights, Part { length: 4, rate: 1.0, decay: 0.0 }]);
    /// ```
    #[must_use]
    pub fn parts<C: Fn(ParameterKind) -> (f32, f32)>(choose: C) -> PartsByKind<L, C> {
        PartsByKind::new(choose)
    }

    /// The filters of theta as groups that share a scale, for [`few_bits`](crate::few_bits):
    /// `choose` gives the bits of each kind of parameter, `None` where it is not rounded.
    ///
    /// ```
    /// use rolling_ball::few_bits::{Group, Groups};
    /// use rolling_ball::nn::{Dense, Network, ParameterKind};
    ///
    /// type Net = Network<'static, Dense<8, 2>>;
    /// let mut groups = Vec::new();
    /// Net::groups(|kind| (kind == ParameterKind::Weight).then_some(4))
    ///     .each(&mut |group| groups.push(group));
    /// let (filter, bias) = (Group { length: 8, bits: Some(4) }, Group { length: 1, bits: None });
    /// assert_eq!(groups, [filter, filter, bias, bias]);
    /// ```
    #[must_use]
    pub fn groups<C: Fn(ParameterKind) -> Option<u32>>(choose: C) -> GroupsByKind<L, C> {
        GroupsByKind::new(choose)
    }

    /// Length of the scratch slice of a training with an optimizer that keeps this many vectors
    /// beside theta, so many samples at once. Without a vector there is none for a gradient: then
    /// one sample at a time takes no more than a prediction.
    #[must_use]
    pub const fn scratch_of_training(vectors: usize, samples: usize) -> usize {
        if vectors == 0 && samples == 1 { Self::INFERENCE_SCRATCH } else { Self::scratch(samples) }
    }

    /// Bytes of RAM for training with an optimizer that keeps this many vectors beside theta.
    #[must_use]
    pub const fn ram_bytes(vectors: usize) -> usize {
        let scratch = Self::scratch_of_training(vectors, 1);
        size_of::<f32>() * ((1 + vectors) * Self::PARAMETERS + scratch)
    }
}

impl<'a, L: Layer, B: Backbone, K: Kernels> Network<'a, L, B, K> {
    pub(super) const LENGTH: usize = Network::<'static, L, B>::SCRATCH;
    const LEAST: usize = Network::<'static, L, B>::INFERENCE_SCRATCH;

    /// Computes the output for one input, or for [`Features`](super::Features); it lies in the
    /// scratch slice, of which [`INFERENCE_SCRATCH`](Network::INFERENCE_SCRATCH) floats are used.
    /// The bits are those of the forward pass of a training. Cost: one forward pass.
    ///
    /// # Errors
    /// [`Error::Length`] where theta or the input has another length than it must have, or the
    /// scratch slice is too short.
    pub fn predict<'s>(
        &self,
        theta: &[f32],
        input: &(impl FeatureSource<B> + ?Sized),
        scratch: &'s mut [f32],
    ) -> Result<&'s mut [f32], Error> {
        Error::check_length("theta", L::PARAMETERS, theta.len())?;
        Self::check_inference_scratch(scratch)?;
        let (features, rest) = split_mut("scratch", scratch, L::INPUTS)?;
        let (inside, _) = split_mut("scratch", rest, B::SCRATCH)?;
        input.features::<K>(&self.backbone, inside, features)?;
        let [front, back] = L::BUFFERS;
        let (front, rest) = split_mut("scratch", scratch, front)?;
        let (back, inside) = split_mut("scratch", rest, back)?;
        let (output, _) = L::infer::<K>(self.parameters(theta), front, back, inside)?;
        Ok(split_mut("scratch", output, L::OUTPUTS)?.0)
    }

    /// Names the class: the number of the largest output. Cost: one forward pass.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), and [`Error::NonFiniteOutput`] where an output is NaN or
    /// infinite.
    pub fn classify(
        &self,
        theta: &[f32],
        input: &(impl FeatureSource<B> + ?Sized),
        scratch: &mut [f32],
    ) -> Result<usize, Error> {
        class_of(self.predict(theta, input, scratch)?)
    }

    /// For the gradient of a sample.
    pub(super) fn check_scratch(scratch: &[f32]) -> Result<(), Error> {
        check_room(Self::LENGTH, scratch)
    }

    /// For the output of a sample.
    pub(super) fn check_inference_scratch(scratch: &[f32]) -> Result<(), Error> {
        check_room(Self::LEAST, scratch)
    }

    /// As many samples as the scratch slice has room for, with what their gradients need.
    pub(super) fn room(scratch: &[f32]) -> usize {
        let all = const { L::INPUTS + L::ACTIVATIONS + L::OUTPUTS };
        let with_backbone = scratch.len().saturating_sub(B::SCRATCH) / L::INPUTS.max(1);
        with_backbone.min(scratch.len() / all.max(1))
    }

    /// The features of this many samples, and the rest of the scratch slice, in which first the
    /// backbone works and then the layers.
    pub(super) fn cut(
        scratch: &mut [f32],
        samples: usize,
    ) -> Result<(&mut [f32], &mut [f32]), Error> {
        Self::check_scratch(scratch)?;
        split_mut("scratch", scratch, samples.saturating_mul(L::INPUTS))
    }

    pub(super) fn backbone(&self) -> &B {
        &self.backbone
    }

    /// The same layers after another backbone.
    pub(super) fn after<C>(&self, backbone: C) -> Network<'a, L, C, K> {
        Network { backbone, frozen: self.frozen, parts: PhantomData }
    }

    pub(super) fn parameters<'p>(&self, theta: &'p [f32]) -> Parameters<'p>
    where
        'a: 'p,
    {
        Parameters { theta, frozen: self.frozen }
    }
}

fn check_room(least: usize, scratch: &[f32]) -> Result<(), Error> {
    if scratch.len() < least {
        Error::check_length("scratch", least, scratch.len())?;
    }
    Ok(())
}

/// The class that an output names: the number of its largest value, and of equal ones the first.
///
/// # Errors
/// [`Error::NonFiniteOutput`] where a value is NaN or infinite, or there is none.
pub fn class_of(output: &[f32]) -> Result<usize, Error> {
    let mut best: Option<(usize, f32)> = None;
    for (class, value) in (0..output.len()).zip(output.iter()) {
        if !value.is_finite() {
            return Err(Error::NonFiniteOutput);
        }
        if best.is_none_or(|(_, largest)| *value > largest) {
            best = Some((class, *value));
        }
    }
    best.map(|(class, _)| class).ok_or(Error::NonFiniteOutput)
}
