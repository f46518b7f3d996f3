//! Fine-tuning as a transaction.

use super::evaluate::check;
use super::samples::Labelled;
use super::{Inputs, Lent, LentMut};
use rolling_ball::Error;
use rolling_ball::nn::{
    Backbone, Credibility, FineTuning, FineTuningConfig, FineTuningReport, Layer, Network, Refusal,
    SoftmaxCrossEntropy,
};
use std::{vec, vec::Vec};

/// The fine-tuning that is asked for; see [`FineTuning`].
#[derive(Debug)]
#[repr(C)]
pub struct FineTune<'a> {
    /// The parameters to start from.
    pub start: Lent<'a, f32>,
    /// The inputs to learn from.
    pub inputs: Inputs<'a>,
    /// The class of each.
    pub labels: Lent<'a, u32>,
    /// The group of each, of which all are held out together; where it is empty, each by itself.
    pub groups: Lent<'a, u32>,
    /// Inputs of the old task, or none.
    pub old_inputs: Inputs<'a>,
    /// The class of each.
    pub old_labels: Lent<'a, u32>,
    /// The settings, as those of [`FineTuningConfig`].
    pub fold_steps: u32,
    /// The steps of the last training.
    pub steps: u32,
    /// How many samples a step sees; 0 stands for all.
    pub mini_batch: u32,
    /// Chooses the folds.
    pub seed: u32,
    /// The pull to the start.
    pub pull: f32,
    /// Where the parameters go.
    pub theta: LentMut<'a, f32>,
    /// Where the credibilities of the labels go, from 0 to 1.
    pub credibilities: LentMut<'a, f32>,
    /// Where the report goes: one.
    pub report: LentMut<'a, FineTuned>,
}

/// How it ended, as [`FineTuningReport`] says it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct FineTuned {
    /// How much of the move was kept.
    pub kept: f32,
    /// The part of the labels that seem to be wrong.
    pub wrong_labels: f32,
    /// The probability that each part of the move is the one to keep.
    pub posterior: [f32; 5],
    /// How many samples are answered with their label at each part.
    pub agreeing: [u32; 5],
    /// The same of those of the old task.
    pub old_agreeing: [u32; 5],
    /// The number of gradients.
    pub gradients: u32,
    /// The number of losses.
    pub losses: u32,
    /// How often a sample was judged.
    pub judgements: u32,
    /// Why nothing was kept, or 0.
    pub refusal: u32,
}

impl FineTuned {
    /// Why nothing was kept, by its number less one.
    pub const REFUSALS: [Refusal; 3] =
        [Refusal::StartIsBetter, Refusal::WrongLabels, Refusal::NoStep];
}

impl From<FineTuningReport> for FineTuned {
    fn from(report: FineTuningReport) -> Self {
        let known = |refusal| Self::REFUSALS.iter().position(|other| *other == refusal);
        Self {
            kept: report.kept,
            wrong_labels: report.wrong_labels,
            posterior: report.posterior,
            agreeing: report.agreeing,
            old_agreeing: report.old_agreeing,
            gradients: report.evaluations.gradients,
            losses: report.evaluations.losses,
            judgements: report.judgements,
            refusal: report.refusal().and_then(known).map_or(0, |index| index as u32 + 1),
        }
    }
}

/// Fine-tunes without a setting, and keeps what held-out samples support.
///
/// # Errors
///
/// Those of [`FineTuning::new`] and [`FineTuning::poll`].
pub fn fine_tune<L: Layer, B: Backbone>(
    network: &Network<'static, L, B>,
    asked: &mut FineTune<'_>,
) -> Result<(), Error> {
    let width = Network::<L, B>::INPUTS;
    let labelled = Labelled { inputs: asked.inputs, width, labels: asked.labels.get() };
    let old = Labelled { inputs: asked.old_inputs, width, labels: asked.old_labels.get() };
    for Labelled { inputs, labels, .. } in [labelled, old] {
        check("labels", inputs.count(width), labels.len())?;
    }
    let count = labelled.labels.len();
    let mut scratch = vec![0.0; Network::<L, B>::SCRATCH];
    // Without a backbone the features would be the inputs.
    let kept = if B::SHAPE.is_some() { Network::<L, B>::FEATURES } else { 0 };
    let mut features = vec![B::Feature::default(); kept * count];
    let mut old_features = vec![B::Feature::default(); kept * old.labels.len()];
    let labelled = network.keep(labelled, &mut features, &mut scratch)?;
    let old = network.keep(old, &mut old_features, &mut scratch)?;

    let mini_batch = (asked.mini_batch > 0).then_some(asked.mini_batch as usize);
    let FineTune { fold_steps, steps, seed, pull, .. } = *asked;
    let config = FineTuningConfig { fold_steps, steps, pull, mini_batch, seed };
    let mut records = vec![Credibility::NEW; count];
    let vectors = [const { Vec::<f32>::new() }; 2].map(|_| vec![0.0; L::PARAMETERS]);
    let (loss, start) = (SoftmaxCrossEntropy::new(), asked.start.get());
    let (records, scratch) = (&mut records, &mut scratch);
    let mut tuning = FineTuning::new(*network, loss, labelled, start, vectors, records, scratch)?
        .keeping(old)
        .with_config(config)?;
    let groups = asked.groups.get();
    if !groups.is_empty() {
        check("groups", count, groups.len())?;
        tuning = tuning.with_groups(|index| groups.get(index).map_or(index, |g| *g as usize));
    }
    let report = tuning.finish(asked.theta.get())?;
    let credibilities = asked.credibilities.get();
    check("credibilities", count, credibilities.len())?;
    for (place, record) in credibilities.iter_mut().zip(tuning.credibilities()) {
        *place = record.label();
    }
    asked.report.get().fill(report.into());
    Ok(())
}
