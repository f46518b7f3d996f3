//! What a fine-tuning carries from piece to piece, but for the pieces of a step.

use super::super::backbone::Backbone;
use super::super::features::FeatureSource;
use super::super::layer::Layer;
use super::super::network::Network;
use super::super::samples::Samples;
use super::credibility::{Credibility, Evidence, PARTS};
use super::likelihood::Likelihood;
use super::stage::{STAGE_WORDS, Stage};
use super::{FineTuning, FineTuningConfig, FineTuningReport};
use crate::Error;
use crate::kernels::Kernels;
use crate::optimizer::{Kind, Optimizer, Resumable, STATE_VECTORS, STATE_WORDS, State};
use crate::random::{INCREMENT, mixed};

/// Words of the stage, the evidence and the report.
const WORDS: usize = STAGE_WORDS + 20;

impl FineTuningConfig {
    /// The words that a checkpoint of a fine-tuning of so many samples has beside the optimizer's:
    /// see [`Resumable::further_words`].
    #[must_use]
    pub const fn words(samples: usize) -> usize {
        samples.saturating_mul(Credibility::WORDS).saturating_add(WORDS)
    }
}

impl<'n, L, B, K, E, S, O, P> Resumable for FineTuning<'_, Network<'n, L, B, K>, E, S, O, P>
where
    L: Layer,
    B: Backbone,
    K: Kernels,
    S: Samples<Input: FeatureSource<B>>,
    E: Likelihood<S::Target>,
    O: Optimizer + Resumable,
    P: Samples<Input: FeatureSource<B>, Target = S::Target>,
{
    const KIND: Kind = Kind::FINE_TUNING.around(O::KIND);
    const VECTORS: usize = O::VECTORS;

    fn kind(&self) -> Kind {
        Kind::FINE_TUNING.around(self.carried.optimizer.kind())
    }

    fn parameters(&self) -> usize {
        L::PARAMETERS
    }

    /// Of the samples their number and their folds are compared, which follow from their labels,
    /// their groups and the seed.
    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        let old = self.old.as_ref().map_or(0, Samples::len);
        let folds = self.records.iter().map(|record| record.fold_word());
        let [low, high] = digest(folds);
        tell("samples", &[self.records.len() as u32, old as u32, low, high]);
        let FineTuningConfig { fold_steps, steps, pull, mini_batch, seed } = self.carried.config;
        let most = mini_batch.unwrap_or(usize::MAX) as u32;
        let [low, high] = digest(self.start.iter().map(|element| element.to_bits()));
        // One setting for both: a checkpoint tells eight apart, and the optimizer has its own.
        let words = [fold_steps, steps, pull.to_bits(), most, seed, low, high];
        tell("start or settings of the fine-tuning", &words);
        self.carried.optimizer.settings(tell);
    }

    fn state(&self) -> Result<State<'_>, Error> {
        self.carried.optimizer.state()
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error> {
        self.carried.optimizer.resume(words)
    }

    fn further_words(&self) -> usize {
        FineTuningConfig::words(self.records.len())
    }

    fn tell_further(&self, tell: &mut impl FnMut(u32)) {
        self.carried.stage.words().into_iter().for_each(&mut *tell);
        self.carried.evidence.words().into_iter().for_each(&mut *tell);
        let FineTuningReport { wrong_labels, agreeing, old_samples, old_agreeing, .. } =
            self.carried.report;
        let FineTuningReport { evaluations, judgements, .. } = self.carried.report;
        tell(wrong_labels.to_bits());
        agreeing.into_iter().for_each(&mut *tell);
        tell(old_samples);
        old_agreeing.into_iter().for_each(&mut *tell);
        [evaluations.gradients, evaluations.losses, judgements].into_iter().for_each(&mut *tell);
        for record in self.records.iter() {
            record.words().into_iter().for_each(&mut *tell);
        }
    }

    fn resume_further(&mut self, next: &mut impl FnMut() -> u32) {
        self.carried.evaluation = None;
        self.carried.stage = Stage::of([(); STAGE_WORDS].map(|()| next()));
        self.carried.evidence = Evidence::of([(); PARTS.len()].map(|()| next()));
        let mut report = FineTuningReport {
            samples: u32::try_from(self.records.len()).unwrap_or(u32::MAX),
            wrong_labels: f32::from_bits(next()),
            ..FineTuningReport::default()
        };
        report.agreeing.fill_with(&mut *next);
        report.old_samples = next();
        report.old_agreeing.fill_with(&mut *next);
        report.evaluations.gradients = next();
        report.evaluations.losses = next();
        report.judgements = next();
        self.carried.report = report;
        for record in self.records.iter_mut() {
            record.resume([(); Credibility::WORDS].map(|()| next()));
        }
    }
}

/// Tells what is alike from what is not, with an error in 2^64 cases.
fn digest(words: impl Iterator<Item = u32>) -> [u32; 2] {
    let digest =
        words.fold(0_u64, |digest, word| mixed((digest ^ u64::from(word)).wrapping_add(INCREMENT)));
    [digest as u32, (digest >> 32) as u32]
}
