//! The training of a round in a fleet.

use super::evaluate::check;
use super::samples::Labelled;
use super::{Inputs, Lent, LentMut};
use rolling_ball::Error;
use rolling_ball::nn::{Backbone, Credibility, Layer, Network};
use rolling_ball_fleet::{Begin, Metrics, TrainingBuffers};
use std::{vec, vec::Vec};

/// The training that is asked for; see [`Begin`].
#[derive(Debug)]
#[repr(C)]
pub struct Train<'a> {
    /// The parameters to start from.
    pub start: Lent<'a, f32>,
    /// The inputs to learn from.
    pub inputs: Inputs<'a>,
    /// The class of each.
    pub labels: Lent<'a, u32>,
    /// The steps to make.
    pub steps: u16,
    /// The samples of a step; 0 stands for all of them.
    pub batch: u16,
    /// Chooses the samples of the first step, or the guard's folds.
    pub seed: u32,
    /// The radius at the start.
    pub radius: f32,
    /// The learning rate at the start.
    pub learning_rate: f32,
    /// Not 0 where held-out samples say how much of the move to keep.
    pub guarded: u32,
    /// Where the parameters go.
    pub theta: LentMut<'a, f32>,
    /// Where it goes what the training came to: one.
    pub trained: LentMut<'a, Trained>,
}

/// What the training came to, as [`Metrics`] say it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Trained {
    /// The samples.
    pub samples: u32,
    /// How many of them the start answers with their label.
    pub correct_before: u32,
    /// How many the trained parameters do.
    pub correct_after: u32,
    /// The mean loss at the start.
    pub loss_before: f32,
    /// The mean loss of the trained parameters.
    pub loss_after: f32,
    /// How much of the move the guard has kept.
    pub kept: f32,
    /// The part of the labels that the guard finds wrong.
    pub wrong_labels: f32,
    /// The steps that were made.
    pub steps: u32,
}

/// Trains a round as a device of a fleet does.
///
/// # Errors
///
/// Those of [`rolling_ball_fleet::train`], and [`Error::Setting`] names the setting that is none of
/// a round's ([`Begin::is_sensible`]).
pub fn train<L: Layer, B: Backbone>(
    network: &Network<'static, L, B>,
    asked: &mut Train<'_>,
) -> Result<(), Error> {
    let Train { steps, batch, seed, radius, learning_rate, .. } = *asked;
    let (inputs, width, labels) = (asked.inputs, Network::<L, B>::INPUTS, asked.labels.get());
    check("labels", inputs.count(width), labels.len())?;
    let guarded = asked.guarded != 0;
    let round = Begin { steps, batch, seed, radius, learning_rate, guarded, ..Begin::default() };
    let settings = [("steps", steps.into()), ("radius", radius), ("learning rate", learning_rate)];
    for (name, value) in settings {
        if !(value.is_finite() && value > 0.0) {
            let expected = "a finite number above 0, in each round";
            return Err(Error::Setting { name, value, expected });
        }
    }
    let mut vectors = [const { Vec::<f32>::new() }; 2].map(|_| vec![0.0; L::PARAMETERS]);
    let mut scratch = vec![0.0; Network::<L, B>::SCRATCH];
    let mut credibilities = vec![Credibility::NEW; if guarded { labels.len() } else { 0 }];
    // Without a backbone the features would be the inputs.
    let kept = if B::SHAPE.is_some() { Network::<L, B>::FEATURES } else { 0 };
    let mut features = vec![B::Feature::default(); kept * labels.len()];
    let samples = network.keep(Labelled { inputs, width, labels }, &mut features, &mut scratch)?;
    let buffers = TrainingBuffers {
        theta: asked.theta.get(),
        vectors: vectors.each_mut().map(Vec::as_mut_slice),
        scratch: &mut scratch,
        credibilities: &mut credibilities,
    };
    let start = asked.start.get();
    // Nobody interrupts it, so there are metrics.
    let metrics = rolling_ball_fleet::train(network, samples, start, &round, buffers, &mut ())?;
    asked.trained.get().fill(metrics.unwrap_or_default().into());
    Ok(())
}

impl From<Metrics> for Trained {
    fn from(metrics: Metrics) -> Self {
        Self {
            samples: metrics.samples,
            correct_before: metrics.correct_before,
            correct_after: metrics.correct_after,
            loss_before: metrics.loss_before,
            loss_after: metrics.loss_after,
            kept: metrics.kept,
            wrong_labels: metrics.wrong_labels,
            steps: metrics.steps,
        }
    }
}
