//! Fine-tuning as a transaction: it needs no setting, and takes back what held-out samples do not
//! support.
//!
//! [`FineTuning`] is the algorithm; `stage` says what comes next, `folds` which samples are held
//! out together, `credibility` what they say, `weighted` and `pulled` what the optimizer sees, and
//! `resumable` what a checkpoint holds.

mod config;
mod credibility;
mod folds;
mod likelihood;
mod paused;
mod pulled;
mod report;
mod resumable;
mod stage;
mod weighted;

pub use config::FineTuningConfig;
pub use credibility::Credibility;
pub use likelihood::{Likelihood, Opinion};
pub use paused::Paused;
pub use report::{FineTuningReport, Refusal};

use super::backbone::Backbone;
use super::batch::Batch;
use super::features::FeatureSource;
use super::layer::Layer;
use super::network::Network;
use super::sample::Sample;
use super::samples::Samples;
use crate::Error;
use crate::ball::{ArcLength, LaggedContact, RollingBall, RollingBallConfig};
use crate::kernels::{Kernels, Vector};
use crate::optimizer::{Optimizer, Resumable, poll_step};
use core::task::Poll;
use credibility::{Evidence, PARTS, judge};
use folds::{FOLDS, assign};
use pulled::Pulled;
use stage::Stage;
use weighted::{Turn, Weighted, WeightedLoss};

/// Of the default ball: it goes as far as a network needs that starts wrong, since what is too far
/// is taken back.
const RADIUS: f32 = 0.03;
const RATE: f32 = 2.0;

/// Fine-tuning that nobody tunes, and that keeps no more of what was learned than held-out samples
/// support: nothing, where they say so, and then theta is where it began, to the bit.
///
/// Labels may be wrong, and the device that has them may work well already or hardly at all. One
/// learning rate does not serve both: so each training goes far, and then the samples that it did
/// not see say how much of its move to keep.
///
/// 1. The samples are divided into five folds. A training from the start, without the samples of a
///    fold, gives a network that is judged by those samples: at the start, after a quarter of its
///    move, half of it, three quarters, and all of it.
/// 2. The likelihood of all held-out labels, where a fifth of them may be wrong, says how probable
///    it is that each of these parts is the best. It also says how credible each label is
///    ([`Credibility::label`]), and how many are wrong.
/// 3. The last training has all samples, each with the square root of its credibility as its
///    weight. Of its move the mean of the parts is kept, and less of it the more labels seem wrong;
///    nothing is, where the start is more probable than all other parts together, or more than
///    60 % of the labels seem wrong.
///
/// A pull to the start is added to every gradient. The parts 1 to 3 are cross-fitting (Chernozhukov
/// et al. 2018, arXiv 1608.00060) with a mixture model of wrong labels; docs/untuned.md says how it
/// compares with other ways to fine-tune, and how often it ends below the start.
///
/// Where each label has a single sample, nothing tells how far to go, since no network can judge a
/// label that it has not seen: then about a third of the move is kept.
///
/// It is a guard around any optimizer ([`with_optimizer`](Self::with_optimizer)), over all samples
/// or mini-batches; by default ([`new`](Self::new)) around the ball. Samples of the old task, where
/// there are any, count in the judgement of the last move ([`keeping`](Self::keeping)).
///
/// A reset in the middle costs no more than what was done since the last checkpoint: `Checkpoints`
/// (feature `checkpoints`) save it as if it were an optimizer, wherever no step is in progress.
/// Made anew of the same samples, start and settings, it is resumed, and ends with the same bits.
///
/// Cost of the default: 15 steps in each of five trainings on four fifths of the samples and 40 in
/// the last, 100 evaluations of a gradient over all samples in all, and five predictions a sample.
/// RAM: that of the optimizer, and a [`Credibility`] of 32 bytes for each sample. The start is read
/// where it lies, such as in flash. So that it costs less time, [keep the features](Network::keep)
/// of a backbone first.
///
/// ```
/// use rolling_ball::nn::{
///     Credibility, Dense, FineTuning, Network, Samples, SoftmaxCrossEntropy,
/// };
///
/// type Net = Network<'static, Dense<2, 2>>;
/// // In flash, as it was trained before.
/// static START: [f32; Net::PARAMETERS] = [0.0; Net::PARAMETERS];
/// let inputs = [
///     [1.0, 0.0], [0.0, 1.0], [0.9, 0.1], [0.2, 1.0], [1.0, 0.3], [0.1, 0.8], [0.8, 0.0],
///     [0.0, 0.9], [1.0, 0.1], [0.1, 1.0],
/// ];
/// let labels = [0, 1, 0, 1, 0, 1, 1, 1, 0, 1]; // The seventh of them is wrong.
///
/// let mut scratch = [0.0; Net::SCRATCH];
/// let mut credibilities = [Credibility::NEW; 10];
/// let mut theta = [0.0; Net::PARAMETERS];
/// let mut tuning = FineTuning::new(
///     Net::new(&[])?,
///     SoftmaxCrossEntropy::new(),
///     (&inputs, &labels),
///     &START,
///     [[0.0; Net::PARAMETERS]; 2],
///     &mut credibilities,
///     &mut scratch,
/// )?;
/// // Or `poll` it between other duties.
/// let report = tuning.finish(&mut theta)?;
/// assert!(!report.refused() && report.kept <= 1.0);
/// let known = tuning.credibilities();
/// assert!(known.iter().all(|other| known[6].label() <= other.label()));
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Debug)]
pub struct FineTuning<'a, N, E, S, O, P = S> {
    network: N,
    loss: E,
    samples: S,
    old: Option<P>,
    start: &'a [f32],
    records: &'a mut [Credibility],
    scratch: &'a mut [f32],
    /// All but what it borrows.
    carried: Paused<O>,
}

/// All of a move.
const ALL: usize = PARTS.len() - 1;

impl<'a, 'n, L, B, K, E, S, V>
    FineTuning<'a, Network<'n, L, B, K>, E, S, RollingBall<V, LaggedContact, ArcLength, K>>
where
    L: Layer,
    B: Backbone,
    K: Kernels + Default,
    S: Samples<Input: FeatureSource<B>>,
    E: Likelihood<S::Target>,
    V: AsRef<[f32]> + AsMut<[f32]>,
{
    /// With the ball, which works in two vectors as long as theta. `start` is where theta begins,
    /// and where it ends if nothing is kept; there is a credibility for each sample, or more.
    ///
    /// # Errors
    /// [`Error::Length`] where the start, the vectors, the credibilities or the scratch slice are
    /// not as long as the network and the samples ask.
    pub fn new(
        network: Network<'n, L, B, K>,
        loss: E,
        samples: S,
        start: &'a [f32],
        vectors: [V; 2],
        credibilities: &'a mut [Credibility],
        scratch: &'a mut [f32],
    ) -> Result<Self, Error> {
        let steps = FineTuningConfig::default().steps;
        let shrinking = RollingBallConfig::shrinking(RADIUS, RATE, steps);
        let config = RollingBallConfig { roll_back: false, ..shrinking };
        let ball = RollingBall::with_backend(K::default(), config, vectors)?;
        Self::with_optimizer(network, loss, samples, start, ball, credibilities, scratch)
    }
}

impl<'a, 'n, L, B, K, E, S, O> FineTuning<'a, Network<'n, L, B, K>, E, S, O>
where
    L: Layer,
    B: Backbone,
    K: Kernels,
    S: Samples<Input: FeatureSource<B>>,
    E: Likelihood<S::Target>,
    O: Optimizer + Resumable,
{
    /// As [`new`](Self::new), around an optimizer that has just been made. In each training its
    /// schedules begin anew, and [end](Optimizer::set_schedule_steps) with its last step.
    ///
    /// # Errors
    /// As [`new`](Self::new); [`Error::UnexpectedAnswer`] where a step of the optimizer is in
    /// progress.
    pub fn with_optimizer(
        network: Network<'n, L, B, K>,
        loss: E,
        samples: S,
        start: &'a [f32],
        optimizer: O,
        credibilities: &'a mut [Credibility],
        scratch: &'a mut [f32],
    ) -> Result<Self, Error> {
        Error::check_length("optimizer", L::PARAMETERS, optimizer.parameters())?;
        let records = checked(&network, samples, start, credibilities, scratch)?;
        records.fill(Credibility::NEW);
        let (labels, same) = (E::labels(L::OUTPUTS), same_label::<S, E>(samples));
        let seed = FineTuningConfig::default().seed;
        let alone = assign(records, seed, |index| index, labels, same);
        let carried = Paused::new(optimizer, alone)?;
        Ok(Self { network, loss, samples, old: None, start, records, scratch, carried })
    }

    /// With samples of the old task, which count in the judgement of the last move as much as the
    /// new ones do, each by itself. Cost: five predictions for each of them.
    #[must_use]
    pub fn keeping<P>(self, old: P) -> FineTuning<'a, Network<'n, L, B, K>, E, S, O, P>
    where
        P: Samples<Input: FeatureSource<B>, Target = S::Target>,
    {
        let Self { network, loss, samples, start, records, scratch, carried, .. } = self;
        FineTuning { network, loss, samples, old: Some(old), start, records, scratch, carried }
    }
}

impl<'n, L, B, K, E, S, O, P> FineTuning<'_, Network<'n, L, B, K>, E, S, O, P>
where
    L: Layer,
    B: Backbone,
    K: Kernels,
    S: Samples<Input: FeatureSource<B>>,
    E: Likelihood<S::Target>,
    O: Optimizer + Resumable,
    P: Samples<Input: FeatureSource<B>, Target = S::Target>,
{
    /// With other settings.
    ///
    /// # Errors
    /// [`Error::Setting`] where the pull is negative or not finite.
    pub fn with_config(mut self, config: FineTuningConfig) -> Result<Self, Error> {
        Error::check_not_negative("pull", config.pull)?;
        self.carried.config = config;
        self.carried.optimizer.set_schedule_steps(config.steps);
        Ok(self.with_groups(|index| index))
    }

    /// With samples that belong together in one fold, such as clips of one recording, which judge
    /// each other too kindly: `group` gives the number of a sample's group.
    #[must_use]
    pub fn with_groups(mut self, group: impl Fn(usize) -> usize) -> Self {
        let (labels, same) = (E::labels(L::OUTPUTS), same_label::<S, E>(self.samples));
        self.carried.alone = assign(self.records, self.carried.config.seed, group, labels, same);
        self
    }

    /// What is known of each sample; its label's credibility, once there is a report.
    #[must_use]
    pub fn credibilities(&self) -> &[Credibility] {
        self.records
    }

    /// Fine-tunes theta, whose content does not matter, to the end.
    ///
    /// # Errors
    /// As [`poll`](Self::poll).
    pub fn finish(&mut self, theta: &mut [f32]) -> Result<FineTuningReport, Error> {
        loop {
            if let Poll::Ready(report) = self.poll(theta)? {
                return Ok(report);
            }
        }
    }

    /// Makes a piece of the fine-tuning: a piece of a step, as [`poll_step`] does, a prediction, or
    /// a pass over theta. Ready with the report when theta is what to deploy. Until then theta must
    /// not be changed. The poll after that begins anew.
    ///
    /// A training whose loss or gradient is no longer finite ends there, and is judged like any
    /// other.
    ///
    /// # Errors
    /// [`Error::Length`]; [`Error::NoSamples`] where there are fewer than two samples or groups, or
    /// a fold leaves none that has a weight; [`Error::Setting`] where the loss gives a label a
    /// probability outside 0 to 1; what the network, the loss and the optimizer answer.
    /// Theta is the start then, and the next poll begins anew.
    pub fn poll(&mut self, theta: &mut [f32]) -> Result<Poll<FineTuningReport>, Error> {
        Error::check_length("theta", L::PARAMETERS, theta.len())?;
        let polled = self.advance(theta);
        if polled.is_err() {
            theta.copy_from(self.start);
            self.restart();
        }
        // Between two steps the schedules are those that the optimizer has after every reset, which
        // a checkpoint compares.
        if self.carried.optimizer.awaits().is_none() {
            self.carried.optimizer.set_schedule_steps(self.carried.config.steps);
        }
        polled
    }

    /// Gives up what was done, or was resumed by half: the next poll begins anew.
    pub fn restart(&mut self) {
        self.carried.optimizer.abandon();
        (self.carried.stage, self.carried.evaluation) = (Stage::FIRST, None);
    }

    /// How many steps are done since it began.
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.carried.stage.steps(&self.carried.config)
    }

    /// How many steps there are in all: 115 by default.
    #[must_use]
    pub fn all_steps(&self) -> u32 {
        Stage::Keeping { at: 1.0 }.steps(&self.carried.config)
    }

    fn advance(&mut self, theta: &mut [f32]) -> Result<Poll<FineTuningReport>, Error> {
        self.carried.stage = match self.carried.stage {
            Stage::Begin { run } => self.begin(theta, run)?,
            Stage::Training { run, step, first } => self.train(theta, run, step, first)?,
            Stage::Judging { run: Some(fold), part, sample } => {
                self.hear(theta, fold, part, sample)?
            }
            Stage::Judging { run: None, part, sample } => self.hear_old(theta, part, sample)?,
            Stage::Weighing => {
                let (evidence, wrong) =
                    judge(self.records, E::labels(L::OUTPUTS), self.carried.alone);
                self.carried.evidence = evidence;
                self.carried.report.wrong_labels = wrong;
                Stage::Begin { run: None }
            }
            Stage::Keeping { at } => {
                self.keep(theta, at);
                self.carried.stage = Stage::FIRST;
                return Ok(Poll::Ready(self.carried.report));
            }
        };
        Ok(Poll::Pending)
    }

    /// Theta goes to the start, and the optimizer to where it was when it was made.
    fn begin(&mut self, theta: &mut [f32], run: Option<u8>) -> Result<Stage, Error> {
        if run == Some(0) {
            self.check_folds()?;
            let samples = u32::try_from(self.samples.len()).unwrap_or(u32::MAX);
            self.carried.report = FineTuningReport { samples, ..FineTuningReport::default() };
            self.carried.evidence = Evidence::default();
            self.records.iter_mut().for_each(Credibility::forget);
        }
        theta.copy_from(self.start);
        for vector in self.carried.optimizer.resume(self.carried.fresh)? {
            vector.fill(0.0);
        }
        self.carried.optimizer.restart()?;
        let first = Stage::Training { run, step: 0, first: 0 };
        // A fold without a sample needs no training.
        Ok(if run.is_none_or(|fold| self.held_out(fold, 0).is_some()) {
            first
        } else {
            self.after(run)
        })
    }

    /// How many steps a run has.
    fn steps_of(&self, run: Option<u8>) -> u32 {
        if run.is_some() { self.carried.config.fold_steps } else { self.carried.config.steps }
    }

    /// There must be two folds at least, so that something is left to learn from.
    fn check_folds(&self) -> Result<(), Error> {
        let (first, others) = self.records.split_first().ok_or(Error::NoSamples)?;
        let another = others.iter().any(|other| other.fold != first.fold);
        if another { Ok(()) } else { Err(Error::NoSamples) }
    }

    /// A piece of a step.
    fn train(
        &mut self,
        theta: &mut [f32],
        run: Option<u8>,
        step: u32,
        first: usize,
    ) -> Result<Stage, Error> {
        let judging = Stage::Judging { run, part: ALL, sample: 0 };
        if step >= self.steps_of(run) {
            return Ok(judging);
        }
        if self.carried.optimizer.awaits().is_none() {
            self.carried.optimizer.set_schedule_steps(self.steps_of(run));
        }
        let Self { samples, records, carried: Paused { config, .. }, .. } = self;
        let (samples, records, held_out) = (*samples, &**records, run);
        let most = config.mini_batch.unwrap_or(usize::MAX);
        let turn = Turn { next: first, looks: records.len(), most };
        let weighted = |turn| Weighted { samples, records, held_out, turn };
        let begun = self.carried.evaluation.take().map(|evaluation| evaluation.map(weighted));
        let loss = WeightedLoss(&self.loss);
        let batch = Batch::resumed(self.network, loss, weighted(turn), self.scratch, begun);
        let pull = config.pull / records.len().max(1) as f32;
        let mut objective = Pulled::<_, K>::new(batch, self.start, pull);
        let polled = poll_step(&mut self.carried.optimizer, &mut objective, theta);
        let begun = objective.into_inner().into_evaluation();
        self.carried.evaluation = begun.map(|evaluation| evaluation.map(|weighted| weighted.turn));
        match polled {
            Ok(Poll::Pending) => Ok(self.carried.stage),
            Ok(Poll::Ready(report)) => {
                let all = &mut self.carried.report.evaluations;
                let more = report.evaluations;
                all.gradients = all.gradients.saturating_add(more.gradients);
                all.losses = all.losses.saturating_add(more.losses);
                let first = self.following(run, first);
                Ok(Stage::Training { run, step: step.saturating_add(1), first })
            }
            // It goes too far to be of use, and may be judged.
            Err(
                Error::NonFiniteLoss
                | Error::NonFiniteGradient
                | Error::NonFiniteUpdate
                | Error::NonFiniteParameters,
            ) => Ok(judging),
            Err(error) => Err(error),
        }
    }

    /// Where the mini-batch after the one from `first` on begins.
    fn following(&self, run: Option<u8>, first: usize) -> usize {
        let Some(most) = self.carried.config.mini_batch else { return first };
        let turn = Turn { next: first, looks: self.records.len(), most };
        let mut batch =
            Weighted { samples: self.samples, records: self.records, held_out: run, turn };
        while batch.next().is_some() {}
        batch.turn.next
    }

    /// The number of the first sample of a fold from one on.
    fn held_out(&self, fold: u8, from: usize) -> Option<usize> {
        let is_of = |record: &Credibility| record.fold == fold;
        (from..self.records.len()).find(|number| self.records.get(*number).is_some_and(is_of))
    }

    /// A held-out sample judges a part of the move.
    fn hear(
        &mut self,
        theta: &mut [f32],
        fold: u8,
        part: usize,
        sample: usize,
    ) -> Result<Stage, Error> {
        let run = Some(fold);
        let Some(index) = self.held_out(fold, sample) else {
            return Ok(self.next_part(theta, run, part).unwrap_or_else(|| self.after(run)));
        };
        if let Some(sample) = self.samples.get(index) {
            let opinion = self.ask(theta, part, sample)?;
            count(&mut self.carried.report.agreeing, part, opinion);
            if let Some(record) = self.records.get_mut(index) {
                record.note(part, opinion);
            }
        }
        Ok(Stage::Judging { run, part, sample: index.saturating_add(1) })
    }

    /// A sample of the old task judges a part of the last move.
    fn hear_old(&mut self, theta: &mut [f32], part: usize, sample: usize) -> Result<Stage, Error> {
        // Where there is none, the move is shortened once, and not by its parts.
        let Some(old) = self.old.filter(|old| !old.is_empty()) else {
            return Ok(Stage::Keeping { at: 1.0 });
        };
        let Some(next) = old.get(sample) else {
            // The last part but the start.
            let [_, at, ..] = PARTS;
            return Ok(self.next_part(theta, None, part).unwrap_or(Stage::Keeping { at }));
        };
        let opinion = self.ask(theta, part, next)?;
        self.carried.report.old_samples = u32::try_from(old.len()).unwrap_or(u32::MAX);
        count(&mut self.carried.report.old_agreeing, part, opinion);
        self.carried.evidence.add(part, opinion.probability, E::labels(L::OUTPUTS), 1.0);
        Ok(Stage::Judging { run: None, part, sample: sample.saturating_add(1) })
    }

    /// What the network says of a label at a part of the move, where theta is; or the start.
    fn ask<I: FeatureSource<B>>(
        &mut self,
        theta: &[f32],
        part: usize,
        Sample { input, target }: Sample<I, S::Target>,
    ) -> Result<Opinion, Error> {
        let theta = if part == 0 { self.start } else { theta };
        self.carried.report.judgements = self.carried.report.judgements.saturating_add(1);
        let output = self.network.predict(theta, &input, self.scratch)?;
        let opinion = self.loss.opinion(output, &target)?;
        // A loss of the caller's own may say anything.
        Error::check_probability("probability of a label", opinion.probability)?;
        Ok(opinion)
    }

    /// Theta goes to the next shorter part of the move, where there is one.
    fn next_part(&self, theta: &mut [f32], run: Option<u8>, part: usize) -> Option<Stage> {
        let shorter = part.checked_sub(1)?;
        let (from, to) = (PARTS.get(part)?, PARTS.get(shorter)?);
        if shorter > 0 {
            K::rescale_move(theta, self.start, to / from);
        }
        Some(Stage::Judging { run, part: shorter, sample: 0 })
    }

    /// What comes after a run that is judged.
    fn after(&self, run: Option<u8>) -> Stage {
        match run.map(|fold| fold.saturating_add(1)) {
            Some(fold) if usize::from(fold) < FOLDS => Stage::Begin { run: Some(fold) },
            _ => Stage::Weighing,
        }
    }

    /// Keeps a part of the last move, of which theta is at one.
    fn keep(&mut self, theta: &mut [f32], at: f32) {
        let FineTuningReport { wrong_labels, evaluations, .. } = self.carried.report;
        // Where no step could be made, there is no move.
        let moved = evaluations.gradients > 0;
        let kept = if moved { self.carried.evidence.kept(wrong_labels) } else { 0.0 };
        if kept > 0.0 {
            K::rescale_move(theta, self.start, kept / at);
        } else {
            theta.copy_from(self.start);
        }
        (self.carried.report.kept, self.carried.report.posterior) =
            (kept, self.carried.evidence.posterior());
    }
}

/// The records of the samples, if all is as long as the network and the samples ask.
fn checked<'a, L: Layer, B: Backbone, K: Kernels>(
    network: &Network<'_, L, B, K>,
    samples: impl Samples,
    start: &[f32],
    credibilities: &'a mut [Credibility],
    scratch: &mut [f32],
) -> Result<&'a mut [Credibility], Error> {
    Error::check_length("start", L::PARAMETERS, start.len())?;
    // Says whether the scratch slice is long enough.
    network.batch((), (), scratch)?;
    let (count, given) = (samples.len(), credibilities.len());
    let error = Error::Length { what: "credibilities", expected: count, actual: given };
    credibilities.get_mut(..count).ok_or(error)
}

/// Whether two samples have the same label.
fn same_label<S: Samples, E: Likelihood<S::Target>>(samples: S) -> impl Fn(usize, usize) -> bool {
    let target = move |index| samples.get(index).map(|sample| sample.target);
    move |a, b| target(a).zip(target(b)).is_some_and(|(a, b)| E::same(&a, &b))
}

/// Counts an answer that agrees with the label.
fn count(agreeing: &mut [u32; PARTS.len()], part: usize, opinion: Opinion) {
    if let Some(count) = agreeing.get_mut(part).filter(|_| opinion.agrees) {
        *count = count.saturating_add(1);
    }
}
