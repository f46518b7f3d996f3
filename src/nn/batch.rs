//! A batch of samples as an objective, evaluated at once or sample by sample.

use super::backbone::Backbone;
use super::features::FeatureSource;
use super::layer::Layer;
use super::loss::Loss;
use super::network::Network;
use super::parameters::Gradient;
use super::sample::Sample;
use super::samples::{SampleRange, Samples};
use super::split::split_mut;
use crate::chunks::Chunked;
use crate::kernels::Kernels;
use crate::{Error, Objective, PollObjective};
use core::iter::once;
use core::task::Poll;

/// The mean loss `E` of a [`Network`] `N` over samples `S`, weighted by the loss's weights.
/// [`Network::batch`] makes it.
///
/// Cost of a loss: one forward pass a sample; of a gradient: a forward and a backward pass. RAM:
/// the scratch slice, whatever the number of samples. A scratch slice with room for several
/// ([`Network::scratch`]) has them evaluated at once: the same bits in less time. A backbone costs
/// its forward pass each time, unless its features are kept ([`Network::keep`]).
///
/// ```
/// use rolling_ball::nn::{Dense, Network, Samples, SoftmaxCrossEntropy};
/// use rolling_ball::{RollingBall, RollingBallConfig, step};
///
/// type Net = Network<'static, Dense<2, 2>>;
/// let samples = (&[[1.0, 0.0], [0.0, 1.0]], &[0, 1]);
/// let mut scratch = [0.0; Net::SCRATCH];
/// let network = Net::new(&[])?;
/// let loss = SoftmaxCrossEntropy::new();
/// let mut objective = network.batch(loss, samples.all(), &mut scratch)?;
///
/// let mut theta = [0.0; Net::PARAMETERS];
/// let mut ball = RollingBall::new(RollingBallConfig::default(), [[0.0; Net::PARAMETERS]; 2])?;
/// for _ in 0..50 {
///     step(&mut ball, &mut objective, &mut theta)?;
/// }
/// drop(objective);
/// assert_eq!(network.classify(&theta, &[1.0, 0.0], &mut scratch)?, 0);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
///
/// Over a [`SampleRange`] its type can be written down, so a struct can keep it and move on to the
/// next mini-batch:
///
/// ```
/// use rolling_ball::nn::{
///     Batch, Dense, Network, QuantizedSamples, SampleRange, Samples, SoftmaxCrossEntropy,
/// };
/// use rolling_ball::{Error, RollingBall, RollingBallConfig, StepReport, step};
///
/// type Net = Network<'static, Dense<2, 2>>;
///
/// struct Learner<'a> {
///     batch: Batch<'a, Net, SoftmaxCrossEntropy<'a>, SampleRange<QuantizedSamples<'a>>>,
///     ball: RollingBall<[f32; Net::PARAMETERS]>,
///     theta: [f32; Net::PARAMETERS],
/// }
///
/// impl Learner<'_> {
///     fn learn(&mut self) -> Result<StepReport, Error> {
///         let report = step(&mut self.ball, &mut self.batch, &mut self.theta)?;
///         self.batch.next_mini_batch();
///         Ok(report)
///     }
/// }
///
/// let (inputs, labels) = (&[255, 0, 0, 255, 250, 9], &[0, 1, 0]);
/// let samples = QuantizedSamples { inputs, labels, width: 2, scale: 1.0 / 255.0, offset: 0.0 };
/// let mut scratch = [0.0; Net::SCRATCH];
/// let loss = SoftmaxCrossEntropy::new();
/// let mut learner = Learner {
///     batch: Net::new(&[])?.batch(loss, samples.range(0, 2), &mut scratch)?,
///     ball: RollingBall::new(RollingBallConfig::default(), [[0.0; Net::PARAMETERS]; 2])?,
///     theta: [0.0; Net::PARAMETERS],
/// };
/// let first = learner.learn()?;
/// let second = learner.learn()?; // on the last sample and the first
/// assert!(second.loss_before < first.loss_before);
/// # Ok::<(), Error>(())
/// ```
///
/// Firmware that must not be away for a whole evaluation polls it instead, with
/// [`poll_step`](crate::poll_step): a poll takes the samples that the scratch slice has room for,
/// such as one, forward and backward, and no more. The value is ready after at most twice as many
/// polls as there are samples, and one or two more.
#[derive(Debug)]
pub struct Batch<'s, N, E, S> {
    network: N,
    loss: E,
    samples: S,
    scratch: &'s mut [f32],
    evaluation: Option<Evaluation<S>>,
}

/// An evaluation in progress.
#[derive(Clone, Debug)]
pub(super) struct Evaluation<S> {
    /// Those that are still to be visited.
    samples: S,
    stage: Stage,
    with_gradient: bool,
}

impl<S> Evaluation<S> {
    /// The same evaluation with its samples as something else.
    pub(super) fn map<T>(self, change: impl FnOnce(S) -> T) -> Evaluation<T> {
        let Self { samples, stage, with_gradient } = self;
        Evaluation { samples: change(samples), stage, with_gradient }
    }
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The samples' weights are added up.
    Weighing { sum: f32 },
    /// The samples are evaluated; each counts by its weight times the scale.
    Evaluating { scale: f32, mean: f32, begun: bool },
}

impl<L, B, K, E, S, I, Y> Batch<'_, Network<'_, L, B, K>, E, S>
where
    L: Layer,
    B: Backbone,
    K: Kernels,
    E: Loss<Y>,
    S: Iterator<Item = Sample<I, Y>> + Clone,
    I: FeatureSource<B>,
{
    fn poll(&mut self, theta: &[f32], gradient: Option<&mut [f32]>) -> Result<Poll<f32>, Error> {
        let polled = self.advance(theta, gradient);
        if !matches!(polled, Ok(Poll::Pending)) {
            self.evaluation = None;
        }
        polled
    }

    fn advance(&mut self, theta: &[f32], gradient: Option<&mut [f32]>) -> Result<Poll<f32>, Error> {
        let Self { network, loss, samples, scratch, evaluation } = self;
        let with_gradient = gradient.is_some();
        let evaluation = match evaluation {
            Some(begun) if begun.with_gradient == with_gradient => begun,
            none_or_other => {
                if let Some(gradient) = &gradient {
                    Error::check_length("gradient", L::PARAMETERS, gradient.len())?;
                    Network::<L, B, K>::check_scratch(scratch)?;
                }
                let (samples, stage) = (samples.clone(), Stage::Weighing { sum: 0.0 });
                none_or_other.insert(Evaluation { samples, stage, with_gradient })
            }
        };
        let next = evaluation.samples.next();
        match (&mut evaluation.stage, next) {
            (Stage::Weighing { sum }, Some(sample)) => *sum += loss.weight(&sample.target)?,
            (Stage::Weighing { sum }, None) => {
                evaluation.stage =
                    Stage::Evaluating { scale: reciprocal(*sum)?, mean: 0.0, begun: false };
                evaluation.samples = samples.clone();
            }
            (Stage::Evaluating { scale, mean, begun }, Some(first)) => {
                Error::check_length("theta", L::PARAMETERS, theta.len())?;
                let others = evaluation.samples.clone();
                let room = Network::<L, B, K>::room(scratch);
                let (features, activations, output) = if room == 0 {
                    // No gradient was asked for: nothing is kept for a backward pass.
                    let output = network.predict(theta, &first.input, scratch)?;
                    (&mut [][..], &mut [][..], output)
                } else {
                    let (all, rest) = Network::<L, B, K>::cut(scratch, room)?;
                    let (inside, _) = split_mut("scratch", rest, B::SCRATCH)?;
                    let mut places = all.whole_chunks_mut(L::INPUTS);
                    if let Some(features) = places.next() {
                        first.input.features::<K>(network.backbone(), inside, features)?;
                    }
                    let mut together = 1_usize;
                    for (features, sample) in places.zip(&mut evaluation.samples) {
                        sample.input.features::<K>(network.backbone(), inside, features)?;
                        together = together.saturating_add(1);
                    }
                    let of = |floats| together.saturating_mul(floats);
                    let (features, _) = split_mut("scratch", all, of(L::INPUTS))?;
                    let (activations, rest) = split_mut("scratch", rest, of(L::ACTIVATIONS))?;
                    let (output, _) = split_mut("scratch", rest, of(L::OUTPUTS))?;
                    L::forward::<K>(network.parameters(theta), features, activations, output)?;
                    (features, activations, output)
                };
                let targets = once(first.target).chain(others.map(|sample| sample.target));
                let outputs = output.whole_chunks_mut(L::OUTPUTS);
                for (output, target) in outputs.zip(targets) {
                    let weight = loss.weight(&target)? * *scale;
                    *mean += weight * loss.evaluate(output, &target, weight)?;
                }
                if let Some(values) = gradient {
                    let gradient = Gradient { values, add: *begun };
                    let parameters = network.parameters(theta);
                    L::backward::<K>(parameters, features, activations, output, gradient)?;
                    *begun = true;
                }
            }
            (Stage::Evaluating { mean, .. }, None) => return Ok(Poll::Ready(*mean)),
        }
        Ok(Poll::Pending)
    }

    fn finish(&mut self, theta: &[f32], mut gradient: Option<&mut [f32]>) -> Result<f32, Error> {
        self.evaluation = None;
        loop {
            if let Poll::Ready(loss) = self.poll(theta, gradient.as_deref_mut())? {
                return Ok(loss);
            }
            K::pause();
        }
    }
}

impl<'s, N, E, S> Batch<'s, N, E, S> {
    /// The scratch slice has been checked.
    pub(super) fn new(network: N, loss: E, samples: S, scratch: &'s mut [f32]) -> Self {
        Self::resumed(network, loss, samples, scratch, None)
    }

    /// Goes on with an evaluation that another batch of the same samples has begun.
    pub(super) fn resumed(
        network: N,
        loss: E,
        samples: S,
        scratch: &'s mut [f32],
        evaluation: Option<Evaluation<S>>,
    ) -> Self {
        Self { network, loss, samples, scratch, evaluation }
    }

    /// The evaluation in progress.
    pub(super) fn into_evaluation(self) -> Option<Evaluation<S>> {
        self.evaluation
    }

    /// Evaluates on these samples from now on. Gives up an evaluation in progress.
    pub fn set_samples(&mut self, samples: S) {
        self.samples = samples;
        self.evaluation = None;
    }
}

impl<N, E, S: Samples> Batch<'_, N, E, SampleRange<S>> {
    /// Moves on to the next mini-batch: as many samples as until now, from the one after them on,
    /// and after the last the first again. Gives up an evaluation in progress.
    pub fn next_mini_batch(&mut self) {
        self.set_samples(self.samples.following());
    }
}

impl<'a, L: Layer, B: Backbone, K: Kernels> Network<'a, L, B, K> {
    /// The mean loss `E` over samples as an objective of theta. The samples are iterated anew for
    /// each evaluation, so their iterator must be cheap to clone: a
    /// [`SampleRange`](super::SampleRange), or one of your own over [`Sample`](super::Sample)s. As
    /// many samples are evaluated at once as the scratch slice has room for: one in
    /// [`SCRATCH`](Network::SCRATCH) floats, `n` in [`scratch(n)`](Network::scratch).
    ///
    /// # Errors
    /// [`Error::Length`] where the scratch slice is shorter than `SCRATCH`.
    pub fn batch<'s, E, S>(
        &self,
        loss: E,
        samples: S,
        scratch: &'s mut [f32],
    ) -> Result<Batch<'s, Self, E, S>, Error> {
        Self::check_scratch(scratch)?;
        Ok(Batch::new(*self, loss, samples, scratch))
    }

    /// As [`batch`](Self::batch), for what asks for losses only, such as
    /// [`ZerothOrderBall`](crate::ZerothOrderBall): the scratch slice of a prediction is enough,
    /// [`INFERENCE_SCRATCH`](Network::INFERENCE_SCRATCH) floats. The losses have the same bits.
    ///
    /// ```
    /// use rolling_ball::nn::{self, Dense, Memory, Network, Relu, Samples, SoftmaxCrossEntropy};
    /// use rolling_ball::{ZerothOrderBall, ZerothOrderBallConfig, step};
    ///
    /// type Net = Network<'static, (Dense<2, 8>, Relu<8>, Dense<8, 2>)>;
    /// // No vector beside theta, and what an inference works in.
    /// let mut memory: nn::memory!(Net, 0) = Memory::ZERO;
    /// assert_eq!(memory.scratch.len(), Net::INFERENCE_SCRATCH);
    /// let Memory { theta, scratch, .. } = &mut memory;
    ///
    /// let network = Net::new(&[])?;
    /// let samples = (&[[1.0, 0.0], [0.0, 1.0]], &[0, 1]);
    /// let mut losses = network.losses(SoftmaxCrossEntropy::new(), samples.all(), scratch)?;
    /// let config = ZerothOrderBallConfig::shrinking(5.0, Net::PARAMETERS, 400);
    /// let mut ball = ZerothOrderBall::new(config)?;
    /// for _ in 0..400 {
    ///     step(&mut ball, &mut losses, theta)?;
    /// }
    /// drop(losses);
    /// assert_eq!(network.classify(theta, &[1.0, 0.0], scratch)?, 0);
    /// # Ok::<(), rolling_ball::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] where the scratch slice is shorter than `INFERENCE_SCRATCH`. So does a
    /// gradient, if one is asked for, where it is shorter than `SCRATCH`.
    pub fn losses<'s, E, S>(
        &self,
        loss: E,
        samples: S,
        scratch: &'s mut [f32],
    ) -> Result<Batch<'s, Self, E, S>, Error> {
        Self::check_inference_scratch(scratch)?;
        Ok(Batch::new(*self, loss, samples, scratch))
    }
}

/// One over the sum of the samples' weights.
fn reciprocal(sum: f32) -> Result<f32, Error> {
    if sum > 0.0 {
        Error::check_positive("sum of the class weights over the batch", sum)?;
        Ok(1.0 / sum)
    } else {
        Err(Error::NoSamples)
    }
}

impl<L, B, K, E, S, I, Y> Objective for Batch<'_, Network<'_, L, B, K>, E, S>
where
    L: Layer,
    B: Backbone,
    K: Kernels,
    E: Loss<Y>,
    S: Iterator<Item = Sample<I, Y>> + Clone,
    I: FeatureSource<B>,
{
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.finish(theta, None)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        self.finish(theta, Some(gradient))
    }
}

impl<L, B, K, E, S, I, Y> PollObjective for Batch<'_, Network<'_, L, B, K>, E, S>
where
    L: Layer,
    B: Backbone,
    K: Kernels,
    E: Loss<Y>,
    S: Iterator<Item = Sample<I, Y>> + Clone,
    I: FeatureSource<B>,
{
    fn restart(&mut self) {
        self.evaluation = None;
    }

    fn poll_loss(&mut self, theta: &[f32]) -> Result<Poll<f32>, Error> {
        self.poll(theta, None)
    }

    fn poll_gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<Poll<f32>, Error> {
        self.poll(theta, Some(gradient))
    }
}
