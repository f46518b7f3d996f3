//! A network: a backbone that is frozen, and layers of which some are trained.

use super::backbone::{Backbone, Nothing};
use super::batch::Batch;
use super::layer::{Layer, split_mut};
use super::parameters::Parameters;
use super::sample::Input;
use crate::Error;
use crate::kernels::{Active, Kernels};
use core::marker::PhantomData;

/// The layers `T` after the backbone `F`. Theta is what is trained in `T`, and only that.
///
/// What to train is part of the types: all of the layers ([`All`](super::All), the default), the last ones after a
/// frozen [`Backbone`], [`BiasesOnly`](super::BiasesOnly), or any set of layers with the others
/// [`Frozen`](super::Frozen).
///
/// ```
/// use rolling_ball::nn::{BiasesOnly, Chain, Dense, Frozen, Network, Relu};
///
/// type Whole = Network<'static, Chain<Dense<8, 16>, Chain<Relu<16>, Dense<16, 4>>>>;
/// type Biases = Network<'static, Chain<Dense<8, 16, BiasesOnly>, Chain<Relu<16>, Dense<16, 4, BiasesOnly>>>>;
/// type FirstLayer = Network<'static, Chain<Dense<8, 16>, Chain<Relu<16>, Dense<16, 4, Frozen>>>>;
/// assert_eq!(Whole::PARAMETERS, 8 * 16 + 16 + 16 * 4 + 4);
/// assert_eq!((Biases::PARAMETERS, Biases::FROZEN_PARAMETERS), (16 + 4, 8 * 16 + 16 * 4));
/// assert_eq!((FirstLayer::PARAMETERS, FirstLayer::FROZEN_PARAMETERS), (8 * 16 + 16, 16 * 4 + 4));
///
/// static IN_FLASH: [f32; FirstLayer::FROZEN_PARAMETERS] = [0.0; FirstLayer::FROZEN_PARAMETERS];
/// let network = FirstLayer::new(&IN_FLASH)?;
/// let theta = [0.1; FirstLayer::PARAMETERS];
/// let mut scratch = [0.0; FirstLayer::SCRATCH];
/// let logits = network.predict(&theta, &[1.0f32; 8].as_slice(), &mut scratch)?;
/// assert_eq!(logits, [0.0; 4]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Debug)]
pub struct Network<'a, T, F = Nothing, K = Active> {
    backbone: F,
    frozen: &'a [f32],
    parts: PhantomData<(T, K)>,
}

impl<T, F: Copy, K> Clone for Network<'_, T, F, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, F: Copy, K> Copy for Network<'_, T, F, K> {}

impl<'a, T: Layer> Network<'a, T> {
    /// Without a backbone, over the frozen parameters of its layers in their order: none where all are trained.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn new(frozen: &'a [f32]) -> Result<Self, Error> {
        Self::with_backbone(Nothing, frozen)
    }
}

impl<'a, T: Layer, F: Backbone> Network<'a, T, F> {
    /// As [`new`](Network::new), after a backbone.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn with_backbone(backbone: F, frozen: &'a [f32]) -> Result<Self, Error> {
        Error::check_length("frozen parameters", T::FROZEN, frozen.len())?;
        Ok(Self { backbone, frozen, parts: PhantomData })
    }

    /// With the kernels named.
    #[must_use]
    pub fn with_backend<K: Kernels>(self, _kernels: K) -> Network<'a, T, F, K> {
        Network { backbone: self.backbone, frozen: self.frozen, parts: PhantomData }
    }

    /// Length of theta.
    pub const PARAMETERS: usize = {
        if let Some((_, outputs)) = F::SHAPE {
            assert!(
                outputs == T::INPUTS,
                "Network<T, F>: the outputs of the backbone must be as many as the inputs of the layers"
            );
        }
        T::PARAMETERS
    };
    /// Number of frozen parameters in the layers (the backbone has its own).
    pub const FROZEN_PARAMETERS: usize = T::FROZEN;
    /// Length of a sample's input.
    pub const INPUTS: usize = match F::SHAPE {
        Some((inputs, _)) => inputs,
        None => T::INPUTS,
    };
    /// Length of the output.
    pub const OUTPUTS: usize = T::OUTPUTS;
    /// Length of the scratch slice: activations of one sample, and its input.
    pub const SCRATCH: usize = Self::scratch(1);
    /// RAM for training with the ball: theta, the optimizer's two vectors, the scratch slice.
    pub const RAM_BYTES: usize = Self::ram_bytes(2);

    /// Length of a scratch slice in which a [`Batch`] evaluates this many samples at once: faster, since the weights
    /// are loaded once for all of them, with the same bits.
    #[must_use]
    pub const fn scratch(samples: usize) -> usize {
        F::SCRATCH + samples * (T::INPUTS + T::ACTIVATIONS + T::OUTPUTS)
    }

    /// RAM for training with an optimizer that keeps this many vectors beside theta.
    #[must_use]
    pub const fn ram_bytes(vectors: usize) -> usize {
        size_of::<f32>() * ((1 + vectors) * Self::PARAMETERS + Self::SCRATCH)
    }
}

/// Proof that a network and its training by the ball fit the RAM of a board, at compile time:
/// `const _: () = FitsIn::<Net, { 64 * 1024 }>::CHECK;`
#[derive(Clone, Copy, Debug)]
pub struct FitsIn<N, const BOARD_RAM_BYTES: usize>(PhantomData<N>);

impl<T: Layer, F: Backbone, const BOARD_RAM_BYTES: usize>
    FitsIn<Network<'_, T, F>, BOARD_RAM_BYTES>
{
    /// Does not compile where the network needs more.
    pub const CHECK: () = assert!(
        Network::<'static, T, F>::RAM_BYTES <= BOARD_RAM_BYTES,
        "the network does not fit the board: theta, the optimizer's two vectors and the activations \
         (Network::RAM_BYTES) need more than BOARD_RAM_BYTES; train fewer layers, or smaller ones"
    );
}

impl<'a, T: Layer, F: Backbone, K: Kernels> Network<'a, T, F, K> {
    const LENGTH: usize = Network::<'static, T, F>::SCRATCH;

    /// The output for one input, in the scratch slice. Cost: one forward pass.
    ///
    /// # Errors
    /// [`Error::Length`] where theta, the input or the scratch slice has the wrong length.
    pub fn predict<'s>(
        &self,
        theta: &[f32],
        input: &impl Input,
        scratch: &'s mut [f32],
    ) -> Result<&'s mut [f32], Error> {
        Error::check_length("theta", T::PARAMETERS, theta.len())?;
        let Parts { inside, features, activations, output } = Self::parts(scratch, 1)?;
        self.features(input, inside, features)?;
        T::forward::<K>(self.parameters(theta), features, activations, output)?;
        Ok(output)
    }

    /// The index of the largest output: the class. Cost: one forward pass.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), and [`Error::NonFiniteOutput`] where every output is NaN.
    pub fn classify(
        &self,
        theta: &[f32],
        input: &impl Input,
        scratch: &mut [f32],
    ) -> Result<usize, Error> {
        let output = self.predict(theta, input, scratch)?;
        let mut best: Option<(usize, f32)> = None;
        for (class, value) in output.iter().enumerate() {
            if !value.is_nan() && best.is_none_or(|(_, largest)| *value > largest) {
                best = Some((class, *value));
            }
        }
        best.map(|(class, _)| class).ok_or(Error::NonFiniteOutput)
    }

    /// The mean loss over samples as an objective of theta. The samples are iterated anew for each
    /// evaluation, so their iterator must be cheap to clone. As many samples are evaluated at once as the
    /// scratch slice has room for: one in `SCRATCH` floats, `n` in [`scratch(n)`](Network::scratch).
    ///
    /// # Errors
    /// [`Error::Length`] where the scratch slice is shorter than `SCRATCH`.
    pub fn batch<'s, L, S>(
        &self,
        loss: L,
        samples: S,
        scratch: &'s mut [f32],
    ) -> Result<Batch<'a, 's, T, F, K, L, S>, Error> {
        if scratch.len() < Self::LENGTH {
            Error::check_length("scratch", Self::LENGTH, scratch.len())?;
        }
        Ok(Batch::new(*self, loss, samples, scratch))
    }

    /// As many samples as the scratch slice has room for.
    pub(super) fn room(scratch: &[f32]) -> usize {
        let one = const { Network::<'static, T, F>::scratch(1) - F::SCRATCH };
        scratch.len().saturating_sub(F::SCRATCH) / one.max(1)
    }

    /// Parts of the scratch slice, for this many samples.
    pub(super) fn parts(scratch: &mut [f32], samples: usize) -> Result<Parts<'_>, Error> {
        if scratch.len() < Self::LENGTH {
            Error::check_length("scratch", Self::LENGTH, scratch.len())?;
        }
        let (inside, rest) = split_mut("scratch", scratch, F::SCRATCH)?;
        let (features, rest) = split_mut("scratch", rest, samples * T::INPUTS)?;
        let (activations, rest) = split_mut("scratch", rest, samples * T::ACTIVATIONS)?;
        let (output, _) = split_mut("scratch", rest, samples * T::OUTPUTS)?;
        Ok(Parts { inside, features, activations, output })
    }

    /// What the layers learn from: the backbone's output.
    pub(super) fn features(
        &self,
        input: &impl Input,
        inside: &mut [f32],
        features: &mut [f32],
    ) -> Result<(), Error> {
        self.backbone.features::<K>(input, inside, features)
    }

    pub(super) fn parameters<'p>(&self, theta: &'p [f32]) -> Parameters<'p>
    where
        'a: 'p,
    {
        Parameters { theta, frozen: self.frozen }
    }
}

/// What lies in the scratch slice, sample after sample.
pub(super) struct Parts<'s> {
    /// The backbone's own.
    pub inside: &'s mut [f32],
    pub features: &'s mut [f32],
    pub activations: &'s mut [f32],
    pub output: &'s mut [f32],
}

impl Parts<'_> {
    /// Those of the first samples only.
    pub fn first<T: Layer>(self, samples: usize) -> Result<Self, Error> {
        let Self { inside, features, activations, output } = self;
        let (features, _) = split_mut("scratch", features, samples * T::INPUTS)?;
        let (activations, _) = split_mut("scratch", activations, samples * T::ACTIVATIONS)?;
        let (output, _) = split_mut("scratch", output, samples * T::OUTPUTS)?;
        Ok(Self { inside, features, activations, output })
    }
}
