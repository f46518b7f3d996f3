//! Every method tuned and run on one task, and the differences between two of them.

use super::measures::{Kind, MEASURES, Measured, accuracy, floats, measure};
use super::methods::{METHODS, Method, Settings, index};
use super::tasks::{Draw, Task};
use super::training::{Until, train};
use crate::statistics::{largest, mean};
use anyhow::Result;
use rayon::prelude::*;
use rolling_ball::nn::Layer;
use workbench::progress;

/// The point of their trainings at which the methods are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum At {
    Cost,
    Loss,
}

/// What one method came to on one task.
pub struct Outcome {
    pub settings: Settings,
    /// Gradient evaluations of a step.
    pub cost: f32,
    /// By seed.
    at_cost: Vec<Option<Measured>>,
    /// By seed; none where the loss was never that low.
    at_loss: Vec<Option<Measured>>,
}

/// All methods on one task.
pub struct Findings {
    pub task: Task,
    pub outcomes: Vec<Outcome>,
}

/// Trainings of each setting, with other seeds than the ones that are reported.
pub const TUNING: usize = 5;

impl Outcome {
    pub fn measured(&self, at: At) -> &[Option<Measured>] {
        match at {
            At::Cost => &self.at_cost,
            At::Loss => &self.at_loss,
        }
    }

    /// How many runs got there.
    pub fn reached(&self, at: At) -> usize {
        self.measured(at).iter().flatten().count()
    }

    /// The loss on the training samples, the median.
    pub fn loss(&self, at: At) -> Option<f64> {
        median(self.measured(at).iter().flatten().map(|measured| measured.loss).collect())
    }

    /// By seed, what is the better the higher it is.
    pub fn scores(&self, at: At, place: usize) -> Vec<Option<f64>> {
        let score = |measured: &Option<Measured>| {
            measured.map(|measured| score(MEASURES[place].kind, measured.values[place]))
        };
        self.measured(at).iter().map(score).collect()
    }
}

/// The middle one, or the upper of two; none of nothing.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// How far off the largest eigenvalue and the trace of a network may be, as a part of each: the
/// medians of all.
pub fn uncertainty(findings: &[Findings]) -> [f64; 2] {
    let outcomes = || findings.iter().flat_map(|findings| &findings.outcomes);
    [0, 1].map(|place| {
        let measured = outcomes().flat_map(|outcome| outcome.at_cost.iter().flatten());
        median(measured.map(|measured| measured.uncertain[place]).collect()).unwrap_or(f64::NAN)
    })
}

/// Curvatures count from here to there: what is below is the estimate's error, what is above is a
/// network that has diverged.
const CURVATURES: [f64; 2] = [1e-6, 1e6];

fn score(kind: Kind, value: f64) -> f64 {
    let [least, most] = CURVATURES;
    match kind {
        Kind::Accuracy => value,
        Kind::Curvature => -value.clamp(least, most).ln(),
    }
}

/// Tunes every method on the first draws, and runs it on the others.
pub fn explore<T: Layer>(task: &Task, draws: &[Draw]) -> Result<Findings> {
    let (tuning, draws) = draws.split_at(TUNING);
    let chosen = tune::<T>(task, tuning)?;
    let bar = progress::bar(task.name, "trainings");
    bar.set_length((METHODS.len() * draws.len()) as u64);
    let cells: Vec<(usize, &Draw)> =
        (0..METHODS.len()).flat_map(|place| draws.iter().map(move |draw| (place, draw))).collect();
    let runs = cells
        .par_iter()
        .map(|(place, draw)| {
            let Chosen { settings, cost } = chosen[*place];
            let run = |until| {
                let trained = train::<T>(&METHODS[*place], settings, until, task, draw)?;
                let measured = trained.theta.map(|theta| measure::<T>(&theta, draw)).transpose()?;
                Ok::<_, anyhow::Error>((measured, trained.cost))
            };
            let ((at_cost, cost), (at_loss, _)) = (run(Until::Spent { cost })?, run(Until::Low)?);
            bar.inc(1);
            Ok((at_cost, at_loss, cost))
        })
        .collect::<Result<Vec<_>>>()?;
    bar.finish_and_clear();
    let outcomes = chosen.iter().zip(runs.chunks(draws.len())).map(|(chosen, runs)| Outcome {
        settings: chosen.settings,
        cost: mean(runs.iter().map(|run| f64::from(run.2))) as f32,
        at_cost: runs.iter().map(|run| run.0).collect(),
        at_loss: runs.iter().map(|run| run.1).collect(),
    });
    Ok(Findings { task: *task, outcomes: outcomes.collect() })
}

/// What a method is run with.
#[derive(Clone, Copy, Debug)]
struct Chosen {
    settings: Settings,
    /// Gradient evaluations of a step with them.
    cost: f32,
}

/// For every method the settings that are the most accurate on validation samples.
fn tune<T: Layer>(task: &Task, draws: &[Draw]) -> Result<Vec<Chosen>> {
    let validation: Vec<Vec<f32>> = draws.iter().map(|draw| floats(&draw.validation)).collect();
    let tuned = METHODS.iter().enumerate().filter(|(_, method)| method.settings_of.is_none());
    let trials: Vec<(usize, Settings)> = tuned
        .flat_map(|(place, method)| method.grid().into_iter().map(move |s| (place, s)))
        .collect();
    let bar = progress::bar(&format!("{}: tuning", task.name), "trainings");
    bar.set_length((trials.len() * draws.len()) as u64);
    let tried = trials
        .par_iter()
        .map(|(place, settings)| {
            let (method, mut accuracies, mut costs) = (&METHODS[*place], Vec::new(), Vec::new());
            for (draw, inputs) in draws.iter().zip(&validation) {
                let until = Until::Spent { cost: method.cost };
                let trained = train::<T>(method, *settings, until, task, draw)?;
                let theta = trained.theta.unwrap_or_default();
                accuracies.push(accuracy::<T>(&theta, inputs, &draw.validation.labels)?);
                costs.push(f64::from(trained.cost));
                bar.inc(1);
            }
            Ok((mean(accuracies), mean(costs) as f32))
        })
        .collect::<Result<Vec<_>>>()?;
    bar.finish_and_clear();
    let choose = |(place, method): (usize, &Method)| {
        let place = method.settings_of.and_then(index).unwrap_or(place);
        let own: Vec<_> = trials.iter().zip(&tried).filter(|((of, _), _)| *of == place).collect();
        let accuracies: Vec<f64> = own.iter().map(|(_, (accuracy, _))| *accuracy).collect();
        let ((_, settings), (_, cost)) = own[largest(&accuracies)];
        Chosen { settings: *settings, cost: *cost }
    };
    Ok(METHODS.iter().enumerate().map(choose).collect())
}

/// By seed of each task, how much higher one method scores than another, where both got there.
pub fn differences(
    findings: &[Findings],
    at: At,
    place: usize,
    [method, other]: [usize; 2],
) -> Vec<f64> {
    let pairs = findings.iter().flat_map(|findings| {
        let of = |method: usize| findings.outcomes[method].scores(at, place);
        of(method).into_iter().zip(of(other))
    });
    pairs.filter_map(|(a, b)| Some(a? - b?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(values: &[Option<f64>], place: usize) -> Outcome {
        let measured = |value: &Option<f64>| {
            let mut values = [0.0; MEASURES.len()];
            values[place] = (*value)?;
            Some(Measured { loss: 0.0, values, uncertain: [0.0; 2] })
        };
        let at_loss: Vec<Option<Measured>> = values.iter().map(measured).collect();
        Outcome { settings: [0.0; 2], cost: 1.0, at_cost: at_loss.clone(), at_loss }
    }

    #[test]
    fn half_the_curvature_scores_higher_whatever_the_curvature() {
        assert!(
            (score(Kind::Curvature, 5.0) - score(Kind::Curvature, 10.0) - 2_f64.ln()).abs() < 1e-9
        );
        assert!(
            (score(Kind::Curvature, 0.1) - score(Kind::Curvature, 0.2) - 2_f64.ln()).abs() < 1e-9
        );
        assert_eq!(score(Kind::Accuracy, 0.9), 0.9);
        assert!(score(Kind::Curvature, -1.0).is_finite());
        assert!(score(Kind::Curvature, f64::INFINITY).is_finite());
    }

    #[test]
    fn only_runs_that_both_got_there_are_paired() {
        let outcomes = vec![
            outcome(&[Some(0.75), None, Some(0.5)], 0),
            outcome(&[Some(0.5), Some(0.9), None], 0),
        ];
        let findings = [Findings { task: super::super::tasks::DIGITS, outcomes }];
        assert_eq!(differences(&findings, At::Loss, 0, [0, 1]), [0.25]);
        assert_eq!(findings[0].outcomes[0].reached(At::Loss), 2);
    }
}
