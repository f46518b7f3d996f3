//! A batch of samples as an objective, evaluated at once or sample by sample.

use super::backbone::Backbone;
use super::layer::{Layer, larger};
use super::loss::Loss;
use super::network::{Network, Parts};
use super::parameters::Gradient;
use super::sample::{Input, Sample};
use crate::kernels::Kernels;
use crate::{Error, Objective, PollObjective};
use core::iter::once;
use core::task::Poll;

/// The mean loss of a network over samples, weighted by the loss's weights.
///
/// Cost of a loss: one forward pass a sample; of a gradient: a forward and a backward pass. RAM: the scratch
/// slice, whatever the number of samples. A scratch slice with room for several ([`Network::scratch`]) has them
/// evaluated at once: the same bits in less time.
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
///
/// Firmware that must not be away for a whole evaluation polls it instead: a poll takes the samples that the scratch
/// slice has room for, such as one, forward and backward, and no more.
///
/// ```
/// use core::task::Poll;
/// use rolling_ball::nn::{Dense, Network, Sample, SoftmaxCrossEntropy};
/// use rolling_ball::{Optimizer, Request, RollingBall, RollingBallConfig};
///
/// # type Net = Network<'static, Dense<2, 2>>;
/// # let samples = [([1.0f32, 0.0], 0), ([0.0, 1.0], 1)];
/// # let stream = samples.iter().map(|(x, y)| Sample { input: x.as_slice(), target: *y });
/// # let mut scratch = [0.0; Net::SCRATCH];
/// # let network = Net::new(&[])?;
/// # let mut batch = network.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch)?;
/// # let mut theta = [0.0; Net::PARAMETERS];
/// # let mut ball = RollingBall::new(RollingBallConfig::default(), [[0.0; Net::PARAMETERS]; 2])?;
/// # fn feed_the_watchdog() {}
/// let mut request = ball.begin(&mut theta)?;
/// let report = loop {
///     feed_the_watchdog();
///     request = match request {
///         Request::Loss => match batch.poll_loss(&theta)? {
///             Poll::Pending => Request::Loss,
///             Poll::Ready(loss) => ball.tell_loss(&mut theta, loss)?,
///         },
///         Request::Gradient => match batch.poll_gradient(&theta, ball.gradient_mut())? {
///             Poll::Pending => Request::Gradient,
///             Poll::Ready(loss) => ball.tell_gradient(&mut theta, loss)?,
///         },
///         Request::Done(report) => break report,
///     };
/// };
/// assert!(report.loss_before > 0.6);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Debug)]
pub struct Batch<'a, 's, T, F, K, L, S> {
    network: Network<'a, T, F, K>,
    loss: L,
    samples: S,
    scratch: &'s mut [f32],
    evaluation: Option<Evaluation<S>>,
}

/// An evaluation in progress.
#[derive(Clone, Debug)]
struct Evaluation<S> {
    /// Those that are still to be visited.
    samples: S,
    stage: Stage,
    with_gradient: bool,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The samples' weights are added up.
    Weighing { sum: f32 },
    /// The samples are evaluated; each counts by its weight times the scale.
    Evaluating { scale: f32, mean: f32, begun: bool },
}

impl<'a, 's, T, F, K, L, S, I, Y> Batch<'a, 's, T, F, K, L, S>
where
    T: Layer,
    F: Backbone,
    K: Kernels,
    L: Loss<Y>,
    S: Iterator<Item = Sample<I, Y>> + Clone,
    I: Input,
{
    /// Evaluates on these samples from now on: the next mini-batch. Gives up an evaluation in progress.
    pub fn set_samples(&mut self, samples: S) {
        self.samples = samples;
        self.evaluation = None;
    }

    /// One piece of the loss at theta: a sample is weighed, or as many as there is room for are taken forward. The value
    /// is ready after at most twice as many polls as there are samples, and one or two; theta must stay the same until then.
    ///
    /// An evaluation of the other kind that is in progress is given up, and a new one begins.
    ///
    /// # Errors
    /// As [`Objective::loss`]; the evaluation is given up.
    pub fn poll_loss(&mut self, theta: &[f32]) -> Result<Poll<f32>, Error> {
        self.poll(theta, None)
    }

    /// As [`poll_loss`](Self::poll_loss), with the gradient: samples are taken forward and backward. The
    /// gradient's slice must be the same until the value is ready; the first samples overwrite it.
    ///
    /// # Errors
    /// As [`Objective::gradient`]; the evaluation is given up.
    pub fn poll_gradient(
        &mut self,
        theta: &[f32],
        gradient: &mut [f32],
    ) -> Result<Poll<f32>, Error> {
        self.poll(theta, Some(gradient))
    }

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
                    Error::check_length("gradient", T::PARAMETERS, gradient.len())?;
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
                Error::check_length("theta", T::PARAMETERS, theta.len())?;
                let room = Network::<T, F, K>::room(scratch);
                let parts = Network::<T, F, K>::parts(scratch, room)?;
                let mut places = parts.features.chunks_exact_mut(const { larger(T::INPUTS, 1) });
                if let Some(features) = places.next() {
                    network.features(&first.input, parts.inside, features)?;
                }
                let others = evaluation.samples.clone();
                let mut together = 1;
                for (features, sample) in places.zip(&mut evaluation.samples) {
                    network.features(&sample.input, parts.inside, features)?;
                    together += 1;
                }
                let Parts { features, activations, output, .. } = parts.first::<T>(together)?;
                T::forward::<K>(network.parameters(theta), features, activations, output)?;
                let targets = once(first.target).chain(others.map(|sample| sample.target));
                let outputs = output.chunks_exact_mut(const { larger(T::OUTPUTS, 1) });
                for (output, target) in outputs.zip(targets) {
                    let weight = loss.weight(&target)? * *scale;
                    *mean += weight * loss.evaluate(output, &target, weight)?;
                }
                if let Some(values) = gradient {
                    let gradient = Gradient { values, add: *begun };
                    let parameters = network.parameters(theta);
                    T::backward::<K>(parameters, features, activations, output, gradient)?;
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
        }
    }
}

impl<'a, 's, T, F, K, L, S> Batch<'a, 's, T, F, K, L, S> {
    /// The scratch slice has been checked.
    pub(super) fn new(
        network: Network<'a, T, F, K>,
        loss: L,
        samples: S,
        scratch: &'s mut [f32],
    ) -> Self {
        Self { network, loss, samples, scratch, evaluation: None }
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

impl<T, F, K, L, S, I, Y> Objective for Batch<'_, '_, T, F, K, L, S>
where
    T: Layer,
    F: Backbone,
    K: Kernels,
    L: Loss<Y>,
    S: Iterator<Item = Sample<I, Y>> + Clone,
    I: Input,
{
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.finish(theta, None)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        self.finish(theta, Some(gradient))
    }
}

impl<T, F, K, L, S, I, Y> PollObjective for Batch<'_, '_, T, F, K, L, S>
where
    T: Layer,
    F: Backbone,
    K: Kernels,
    L: Loss<Y>,
    S: Iterator<Item = Sample<I, Y>> + Clone,
    I: Input,
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
