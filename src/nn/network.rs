//! A network with a frozen and a trainable part, and a batch of samples as an objective.

use super::layer::{Layer, Nothing, split_mut};
use super::loss::Loss;
use super::sample::{Input, Sample};
use crate::kernels::{Active, Kernels};
use crate::{Error, Objective};
use core::marker::PhantomData;

/// `T`, the trainable tail, after `F`, the frozen part, whose parameters are read where they lie (in flash).
/// Theta is the tail's parameters only.
///
/// ```
/// use rolling_ball::nn::{Chain, Dense, Network, Relu};
///
/// type Frozen = Chain<Dense<8, 16>, Relu<16>>;
/// type Net = Network<'static, Dense<16, 4>, Frozen>;
/// static BACKBONE: [f32; Net::FROZEN_PARAMETERS] = [0.01; Net::FROZEN_PARAMETERS];
///
/// let network = Net::new(&BACKBONE)?;
/// let theta = [0.0; Net::PARAMETERS];
/// let mut scratch = [0.0; Net::SCRATCH];
/// let logits = network.predict(&theta, &[1.0f32; 8].as_slice(), &mut scratch)?;
/// assert_eq!(logits, [0.0; 4]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Network<'a, T, F = Nothing, K = Active> {
    frozen: &'a [f32],
    parts: PhantomData<(T, F, K)>,
}

impl<'a, T: Layer, F: Layer> Network<'a, T, F> {
    /// A network over its frozen parameters; empty where all of it is trained.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn new(frozen: &'a [f32]) -> Result<Self, Error> {
        Self::with_kernels(Active::default(), frozen)
    }

    /// Length of theta.
    pub const PARAMETERS: usize = {
        assert!(
            F::IS_NOTHING || F::OUTPUTS == T::INPUTS,
            "Network<T, F>: the outputs of the frozen part must be as many as the inputs of the tail"
        );
        T::PARAMETERS
    };
    /// Number of frozen parameters.
    pub const FROZEN_PARAMETERS: usize = F::PARAMETERS;
    /// Length of a sample's input.
    pub const INPUTS: usize = if F::IS_NOTHING { T::INPUTS } else { F::INPUTS };
    /// Length of the output.
    pub const OUTPUTS: usize = T::OUTPUTS;
    /// Length of the scratch slice: activations of one sample, and its input.
    pub const SCRATCH: usize = F::INPUTS + F::ACTIVATIONS + T::INPUTS + T::ACTIVATIONS + T::OUTPUTS;
    /// RAM for training with the ball: theta, the optimizer's two vectors, the scratch slice.
    pub const RAM_BYTES: usize = Self::ram_bytes(2);

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

impl<T: Layer, F: Layer, const BOARD_RAM_BYTES: usize> FitsIn<Network<'_, T, F>, BOARD_RAM_BYTES> {
    /// Does not compile where the network needs more.
    pub const CHECK: () = assert!(
        Network::<'static, T, F>::RAM_BYTES <= BOARD_RAM_BYTES,
        "the network does not fit the board: theta, the optimizer's two vectors and the activations \
         (Network::RAM_BYTES) need more than BOARD_RAM_BYTES; train fewer layers, or smaller ones"
    );
}

impl<'a, T: Layer, F: Layer, K: Kernels> Network<'a, T, F, K> {
    const LENGTH: usize = Network::<'static, T, F>::SCRATCH;

    /// As [`new`](Network::new), with the kernels named.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn with_kernels(_kernels: K, frozen: &'a [f32]) -> Result<Self, Error> {
        Error::check_length("frozen parameters", F::PARAMETERS, frozen.len())?;
        Ok(Self { frozen, parts: PhantomData })
    }

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
        Ok(self.forward(theta, input, scratch)?.output)
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
    /// evaluation, twice where they are counted first, so their iterator must be cheap to clone.
    ///
    /// # Errors
    /// [`Error::Length`] where the scratch slice is not `SCRATCH` long.
    pub fn batch<'s, L, S>(
        &self,
        loss: L,
        samples: S,
        scratch: &'s mut [f32],
    ) -> Result<Batch<'a, 's, T, F, K, L, S>, Error> {
        Error::check_length("scratch", Self::LENGTH, scratch.len())?;
        Ok(Batch {
            network: Self { frozen: self.frozen, parts: PhantomData },
            loss,
            samples,
            scratch,
        })
    }

    fn forward<'s>(
        &self,
        theta: &[f32],
        input: &impl Input,
        scratch: &'s mut [f32],
    ) -> Result<Forward<'s>, Error> {
        Error::check_length("theta", T::PARAMETERS, theta.len())?;
        Error::check_length("scratch", Self::LENGTH, scratch.len())?;
        let (raw, rest) = split_mut("scratch", scratch, F::INPUTS)?;
        let (inside, rest) = split_mut("scratch", rest, F::ACTIVATIONS)?;
        let (features, rest) = split_mut("scratch", rest, T::INPUTS)?;
        let (activations, output) = split_mut("scratch", rest, T::ACTIVATIONS)?;
        if F::IS_NOTHING {
            input.write(features)?;
        } else {
            input.write(raw)?;
            F::forward::<K>(self.frozen, raw, inside, features)?;
        }
        T::forward::<K>(theta, features, activations, output)?;
        Ok(Forward { features, activations, output })
    }
}

/// What a forward pass leaves in the scratch slice.
struct Forward<'s> {
    features: &'s [f32],
    activations: &'s mut [f32],
    output: &'s mut [f32],
}

/// The mean loss of a network over samples, weighted by the loss's weights.
///
/// Cost of a loss: one forward pass a sample; of a gradient: a forward and a backward pass. RAM: the scratch
/// slice, whatever the number of samples.
///
/// ```
/// use rolling_ball::nn::{Dense, Network, Sample, SoftmaxCrossEntropy};
/// use rolling_ball::{RollingBall, RollingBallConfig, step};
///
/// type Net = Network<'static, Dense<2, 2>>;
/// let samples = [([1.0f32, 0.0], 0), ([0.0, 1.0], 1)];
/// let stream = samples.iter().map(|(x, y)| Sample { input: x.as_slice(), target: *y });
/// let mut scratch = [0.0; Net::SCRATCH];
/// let network = Net::new(&[])?;
/// let loss = SoftmaxCrossEntropy::new();
/// let mut objective = network.batch(loss, stream, &mut scratch)?;
///
/// let mut theta = [0.0; Net::PARAMETERS];
/// let mut ball = RollingBall::new(RollingBallConfig::default(), [[0.0; Net::PARAMETERS]; 2])?;
/// for _ in 0..50 {
///     step(&mut ball, &mut objective, &mut theta)?;
/// }
/// drop(objective);
/// assert_eq!(network.classify(&theta, &[1.0f32, 0.0].as_slice(), &mut scratch)?, 0);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Debug)]
pub struct Batch<'a, 's, T, F, K, L, S> {
    network: Network<'a, T, F, K>,
    loss: L,
    samples: S,
    scratch: &'s mut [f32],
}

impl<'a, T, F, K, L, S, I, Y> Batch<'a, '_, T, F, K, L, S>
where
    T: Layer,
    F: Layer,
    K: Kernels,
    L: Loss<Y>,
    S: Iterator<Item = Sample<I, Y>> + Clone,
    I: Input,
{
    /// Evaluates on these samples from now on: the next mini-batch.
    pub fn set_samples(&mut self, samples: S) {
        self.samples = samples;
    }

    /// Every sample's weight over the sum of all.
    fn weight_scale(&self) -> Result<f32, Error> {
        let mut sum = 0.0;
        for sample in self.samples.clone() {
            sum += self.loss.weight(&sample.target)?;
        }
        if sum > 0.0 {
            Error::check_positive("sum of the class weights over the batch", sum)?;
            Ok(1.0 / sum)
        } else {
            Err(Error::NoSamples)
        }
    }

    fn evaluate(&mut self, theta: &[f32], mut gradient: Option<&mut [f32]>) -> Result<f32, Error> {
        let weight_scale = self.weight_scale()?;
        let mut mean = 0.0;
        for sample in self.samples.clone() {
            let weight = self.loss.weight(&sample.target)? * weight_scale;
            let Forward { features, activations, output } =
                self.network.forward(theta, &sample.input, self.scratch)?;
            mean += weight * self.loss.evaluate(output, &sample.target, weight)?;
            if let Some(gradient) = gradient.as_deref_mut() {
                T::backward::<K>(theta, features, activations, output, gradient)?;
            }
        }
        Ok(mean)
    }
}

impl<T, F, K, L, S, I, Y> Objective for Batch<'_, '_, T, F, K, L, S>
where
    T: Layer,
    F: Layer,
    K: Kernels,
    L: Loss<Y>,
    S: Iterator<Item = Sample<I, Y>> + Clone,
    I: Input,
{
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.evaluate(theta, None)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        Error::check_length("gradient", T::PARAMETERS, gradient.len())?;
        gradient.fill(0.0);
        self.evaluate(theta, Some(gradient))
    }
}
