//! The training of a round, which is one function on every device and on the desktop.

use crate::message::{Begin, Metrics};
use rolling_ball::kernels::Kernels;
use rolling_ball::nn::{
    Backbone, Credibility, FeatureSource, FineTuning, FineTuningConfig, Layer, Network, Samples,
    SoftmaxCrossEntropy,
};
use rolling_ball::{Error, Objective, Optimizer, Resumable, RollingBall, RollingBallConfig, step};

use core::task::Poll;

/// All the memory that the training of a round needs.
#[derive(Debug)]
pub struct TrainingBuffers<'a> {
    /// The parameters, whose content does not matter.
    pub theta: &'a mut [f32],
    /// The vectors of the ball, each as long as theta.
    pub vectors: [&'a mut [f32]; 2],
    /// The scratch, `Network::SCRATCH` long.
    pub scratch: &'a mut [f32],
    /// One for each sample, or more; none where no round is guarded.
    pub credibilities: &'a mut [Credibility],
}

/// What goes on beside a training, between two steps: checkpoints, and a gateway that asks. The
/// empty tuple does nothing.
pub trait Between {
    /// Takes back what an earlier run of the same round has left of it, where there is something.
    fn resume<O: Resumable>(&mut self, theta: &mut [f32], optimizer: &mut O) {
        let _ = (theta, optimizer);
    }

    /// After a step, or a piece of a guarded training: whether to go on. In the middle of a step
    /// the optimizer has no state to be saved.
    fn go_on<O: Resumable>(&mut self, theta: &[f32], optimizer: &O, steps: u32) -> bool {
        let _ = (theta, optimizer, steps);
        true
    }
}

impl Between for () {}

/// Trains a round as its settings say, from this start, and tells what it came to; `None` where it
/// was not to go on. Theta is the trained one then.
///
/// Without a guard the ball makes the steps, each over the next `batch` samples, of which the seed
/// says which is the first; radius and rate shrink to nothing on half a cosine. With one it is a
/// [`FineTuning`], whose trainings without a fold have three eighths of the steps.
///
/// All of it follows from what it is given, to the bit, on every target and however often it was
/// resumed: a rehearsal of it is what the device does.
///
/// ```
/// use rolling_ball::nn::{Dense, Network};
/// use rolling_ball_fleet::{Begin, TrainingBuffers, train};
///
/// type Net = Network<'static, Dense<2, 2>>;
/// let samples = (&[[1.0, 0.0], [0.0, 1.0], [0.9, 0.2]], &[0, 1, 0]);
/// let round = Begin { steps: 20, radius: 0.1, learning_rate: 0.5, ..Begin::default() };
/// let (mut theta, mut scratch) = ([0.0; Net::PARAMETERS], [0.0; Net::SCRATCH]);
/// let [mut one, mut other] = [[0.0; Net::PARAMETERS]; 2];
/// let buffers = TrainingBuffers {
///     theta: &mut theta,
///     vectors: [&mut one, &mut other],
///     scratch: &mut scratch,
///     credibilities: &mut [],
/// };
/// let start = [0.0; Net::PARAMETERS];
/// let metrics = train(&Net::new(&[])?, samples, &start, &round, buffers, &mut ())?.unwrap();
/// assert_eq!((metrics.samples, metrics.correct_after), (3, 3));
/// assert!(metrics.loss_after < metrics.loss_before);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
///
/// # Errors
/// [`Error::NoSamples`]; [`Error::Length`] where a buffer or the start is not as long as the
/// network and the samples ask; what the samples, and steps that go too far, cause.
pub fn train<L: Layer, B: Backbone, K: Kernels + Default, S>(
    network: &Network<'_, L, B, K>,
    samples: S,
    start: &[f32],
    round: &Begin,
    buffers: TrainingBuffers<'_>,
    between: &mut impl Between,
) -> Result<Option<Metrics>, Error>
where
    S: Samples<Input: FeatureSource<B>, Target = usize>,
{
    let TrainingBuffers { theta, vectors, scratch, credibilities } = buffers;
    let (loss_before, correct_before) = judge(network, samples, start, scratch)?;
    let steps = u32::from(round.steps);
    let config = RollingBallConfig::shrinking(round.radius, round.learning_rate, steps);
    let (kept, wrong_labels, done) = if round.guarded {
        let config = RollingBallConfig { roll_back: false, ..config };
        let ball = RollingBall::with_backend(K::default(), config, vectors)?;
        let loss = SoftmaxCrossEntropy::new();
        let mut tuning = FineTuning::with_optimizer(
            *network,
            loss,
            samples,
            start,
            ball,
            credibilities,
            scratch,
        )?
        .with_config(guard(round))?;
        between.resume(theta, &mut tuning);
        let report = loop {
            if let Poll::Ready(report) = tuning.poll(theta)? {
                break report;
            }
            if !between.go_on(theta, &tuning, tuning.steps()) {
                return Ok(None);
            }
        };
        (report.kept, report.wrong_labels, tuning.all_steps())
    } else {
        theta.iter_mut().zip(start).for_each(|(theta, start)| *theta = *start);
        let mut ball = RollingBall::with_backend(K::default(), config, vectors)?;
        between.resume(theta, &mut ball);
        while ball.steps() < steps {
            let batch = batch(samples, round, ball.steps());
            let mut objective = network.losses(SoftmaxCrossEntropy::new(), batch, scratch)?;
            step(&mut ball, &mut objective, theta)?;
            if !between.go_on(theta, &ball, ball.steps()) {
                return Ok(None);
            }
        }
        (1.0, 0.0, steps)
    };
    let (loss_after, correct_after) = judge(network, samples, theta, scratch)?;
    Ok(Some(Metrics {
        samples: u32::try_from(samples.len()).unwrap_or(u32::MAX),
        correct_before,
        correct_after,
        loss_before,
        loss_after,
        kept,
        wrong_labels,
        steps: done,
        theta: crate::checksum(theta),
    }))
}

/// The settings of a guarded training: the default's, in the round's measure.
fn guard(round: &Begin) -> FineTuningConfig {
    let default = FineTuningConfig::default();
    let steps = u32::from(round.steps);
    let by_fold = steps.saturating_mul(default.fold_steps);
    FineTuningConfig {
        fold_steps: by_fold.checked_div(default.steps).unwrap_or_default().max(1),
        steps,
        mini_batch: (round.batch > 0).then_some(round.batch.into()),
        seed: round.seed,
        ..default
    }
}

/// The samples of a step, which follow from its number: it may be the first after a reset.
fn batch<S: Samples>(samples: S, round: &Begin, step: u32) -> rolling_ball::nn::SampleRange<S> {
    let all = samples.len();
    let count = if round.batch > 0 { all.min(round.batch.into()) } else { all };
    let passed = u64::from(step).saturating_mul(count as u64);
    let first = u64::from(round.seed).saturating_add(passed).checked_rem(all as u64);
    samples.range(first.unwrap_or_default() as usize, count)
}

/// The mean loss over all samples, and how many are answered with their label.
fn judge<L: Layer, B: Backbone, K: Kernels, S>(
    network: &Network<'_, L, B, K>,
    samples: S,
    theta: &[f32],
    scratch: &mut [f32],
) -> Result<(f32, u32), Error>
where
    S: Samples<Input: FeatureSource<B>, Target = usize>,
{
    let mut correct = 0_u32;
    for sample in samples.all() {
        let right = network.classify(theta, &sample.input, scratch)? == sample.target;
        correct = correct.saturating_add(right.into());
    }
    let mut objective = network.losses(SoftmaxCrossEntropy::new(), samples.all(), scratch)?;
    Ok((objective.loss(theta)?, correct))
}
