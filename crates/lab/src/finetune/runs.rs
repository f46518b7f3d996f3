//! The runs: every method with every setting on every target and draw of a case.

use super::methods::{Method, Settings};
use super::training::{Trained, train};
use crate::statistics::{largest, mean};
use crate::targets::{Target, tested};
use anyhow::Result;
use indicatif::ProgressBar;
use rayon::prelude::*;
use rolling_ball::nn::{Layer, Samples};

/// What all methods are given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Case {
    /// Labelled samples.
    pub samples: usize,
    /// Samples of a gradient; all where there are no more.
    pub batch: Option<usize>,
    /// The part of the labels that is wrong, in per cent.
    pub wrong: u32,
    /// Cost of a run in gradient evaluations; a loss counts 1/3.
    pub budget: u32,
}

/// What one method came to in one case.
pub struct Outcome {
    /// Accuracy by settings, target and draw.
    accuracy: Vec<Vec<Vec<f64>>>,
    /// The same on samples like those of the pre-training.
    source: Vec<Vec<Vec<f64>>>,
    /// Gradient evaluations of a step, the mean of all runs.
    pub cost: f64,
}

impl Outcome {
    /// Mean of each of the settings over the targets, without one of them.
    fn scores(&self, without: Option<usize>) -> Vec<f64> {
        let score = |by_target: &Vec<Vec<f64>>| {
            let others =
                by_target.iter().enumerate().filter(|(target, _)| Some(*target) != without);
            mean(others.map(|(_, draws)| mean(draws.iter().copied())))
        };
        self.accuracy.iter().map(score).collect()
    }

    /// Mean of each of the settings over all targets.
    pub fn by_settings(&self) -> Vec<f64> {
        self.scores(None)
    }

    /// Of each target and draw, with the settings that are best on the other targets.
    pub fn chosen(&self) -> Vec<Vec<f64>> {
        self.of_chosen(&self.accuracy)
    }

    /// As [`chosen`](Self::chosen), on samples like those of the pre-training.
    pub fn source_of_chosen(&self) -> Vec<Vec<f64>> {
        self.of_chosen(&self.source)
    }

    fn of_chosen(&self, values: &[Vec<Vec<f64>>]) -> Vec<Vec<f64>> {
        let targets = self.accuracy.first().map_or(0, Vec::len);
        let chosen = |target| values[largest(&self.scores(Some(target)))][target].clone();
        (0..targets).map(chosen).collect()
    }

    /// The accuracy for each target and draw with these settings.
    pub fn with(&self, settings: usize) -> Vec<Vec<f64>> {
        self.accuracy[settings].clone()
    }

    /// The part of the settings within two points of the best.
    pub fn width(&self) -> f64 {
        let scores = self.by_settings();
        let near = scores[largest(&scores)] - 0.02;
        mean(scores.iter().map(|score| if *score >= near { 1.0 } else { 0.0 }))
    }
}

/// How a run ended.
#[derive(Clone, Copy)]
struct End {
    accuracy: f64,
    source: f64,
    /// Gradient evaluations of a step.
    cost: f64,
}

/// Runs a method.
fn run<T: Layer>(
    method: &Method,
    settings: Settings,
    target: &Target,
    case: Case,
    draw: u64,
) -> Result<End> {
    let (mut labelled, held_out) = target.data.draw(case.samples, draw);
    labelled.mislabel(case.wrong as f32 / 100.0, draw);
    let samples = labelled.samples();
    let batch = case.batch.unwrap_or(samples.len()).min(samples.len());
    let trained = train::<T>((method, settings), &target.weights, samples, batch, case.budget)?;
    let Some(Trained { theta, cost }) = trained else {
        return Ok(End { accuracy: 0.0, source: 0.0, cost: method.cost.into() });
    };
    let [accuracy, source] = [&held_out, &target.source].map(|data| tested::<T>(&theta, data));
    Ok(End { accuracy: accuracy?, source: source?, cost })
}

/// Runs every method on one case.
pub fn compare<T: Layer>(
    methods: &[&Method],
    targets: &[Target],
    case: Case,
    draws: u64,
    bar: &ProgressBar,
) -> Result<Vec<Outcome>> {
    let mut cells = Vec::new();
    for method in methods {
        for settings in method.grid() {
            cells.extend(targets.iter().map(|target| (*method, settings, target)));
        }
    }
    let run = |(method, settings, target): &(&Method, Settings, &Target)| {
        let runs = (0..draws).map(|draw| run::<T>(method, *settings, target, case, draw));
        let runs = runs.collect::<Result<Vec<_>>>();
        bar.inc(draws);
        runs
    };
    let mut cells = cells.par_iter().map(run).collect::<Result<Vec<_>>>()?.into_iter();
    let outcomes = methods.iter().map(|method| {
        let by_settings: Vec<Vec<Vec<End>>> =
            method.grid().iter().map(|_| cells.by_ref().take(targets.len()).collect()).collect();
        let cost = mean(by_settings.iter().flatten().flatten().map(|end| end.cost));
        let each = |of: fn(&End) -> f64| {
            let by_target = |by_target: &Vec<Vec<End>>| {
                by_target.iter().map(|draws| draws.iter().map(of).collect()).collect()
            };
            by_settings.iter().map(by_target).collect()
        };
        Outcome { accuracy: each(|end| end.accuracy), source: each(|end| end.source), cost }
    });
    Ok(outcomes.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two settings, three targets, one draw: the first setting is best on targets 1 and 2, the
    /// second on target 0.
    fn outcome() -> Outcome {
        let accuracy =
            vec![vec![vec![0.1], vec![0.9], vec![0.8]], vec![vec![0.95], vec![0.5], vec![0.6]]];
        Outcome { source: accuracy.clone(), accuracy, cost: 1.0 }
    }

    #[test]
    fn a_targets_settings_are_chosen_on_the_others() {
        // Without target 0 the first is best; without target 1 or 2 the second, by (0.95 + 0.6) / 2
        // and (0.95 + 0.5) / 2.
        assert_eq!(outcome().chosen(), [[0.1], [0.5], [0.6]]);
    }

    #[test]
    fn the_width_counts_settings_near_the_best() {
        assert_eq!(outcome().width(), 0.5);
    }
}
