//! Jobs that people have, each with its usual tool beside the ball.

mod calibration;
mod controller;
mod least_squares;
mod ranging;
mod registration;

use super::families::Problem;
use super::methods::{Budget, Method, Region};
use super::{JUDGED, LossesOnlyArgs, compare, judged};
use crate::wrinkles::methods::METHODS;
use anyhow::{Context, Result};
use calibration::Calibration;
use controller::Controller;
use indicatif::ProgressBar;
use ranging::Ranging;
use rayon::prelude::*;
use registration::Registration;
use rolling_ball::{ZerothOrderBall, ZerothOrderBallConfig, step};
use std::collections::BTreeMap;
use std::fs;
use workbench::progress;
use workbench::workspace::root;

/// A job of which each seed has another case. Every parameter is between -1 and 1, which is the
/// range that whoever has the job knows; a search starts in the middle. What is left is an error
/// in the job's own units.
pub trait Job: Problem {
    /// With the unit of its error.
    const NAME: &'static str;
    const PARAMETERS: usize;
    const BUDGET: Budget;
    /// A smaller error is good enough.
    const SOLVED: f64;

    fn of(seed: u64) -> Self;

    /// What people use for it.
    fn usual_tool(&self) -> Vec<f32>;

    /// What else they use.
    fn other_tool(&self) -> Vec<f32>;

    /// What the job is, in Markdown.
    fn about() -> String;

    /// A case before and after the ball, where there is a picture, and the name of its file.
    fn picture(&self, _seed: u64) -> Result<Option<(&'static str, Vec<u8>)>> {
        Ok(None)
    }
}

/// Theta after each step of the ball.
fn path<J: Job>(job: &J, seed: u64) -> Result<Vec<Vec<f32>>> {
    let steps = J::BUDGET.steps();
    let mut config = ZerothOrderBallConfig::shrinking(radius(J::PARAMETERS), J::PARAMETERS, steps);
    config.seed = seed as u32;
    let mut ball = ZerothOrderBall::new(config)?;
    let (mut job, mut theta) = (job.clone(), vec![0.0; J::PARAMETERS]);
    let mut path = vec![theta.clone()];
    for _ in 0..steps {
        step(&mut ball, &mut job, &mut theta)?;
        path.push(theta.clone());
    }
    Ok(path)
}

/// Theta where the ball ends, which is after the last step of its path.
fn end<J: Job>(job: &J, seed: u64) -> Result<Vec<f32>> {
    path(job, seed)?.pop().context("a path has no end")
}

/// Theta with more digits.
fn wide(theta: &[f32]) -> Vec<f64> {
    theta.iter().map(|t| f64::from(*t)).collect()
}

/// Theta with fewer digits.
fn narrow(theta: &[f64]) -> Vec<f32> {
    theta.iter().map(|t| *t as f32).collect()
}

/// How far the middle of the range is from what is looked for, in the root mean square.
fn radius(parameters: usize) -> f32 {
    (parameters as f32 / 3.0).sqrt()
}

/// The methods that are compared, with the radius in parts of the range's.
fn methods() -> Vec<(String, Method, f32)> {
    let ball = Method::Ball { rate: 1.0 };
    let others = [
        Method::Spsa,
        Method::Mezo,
        Method::TwoPoints,
        Method::NelderMead,
        Method::MatrixAdaptation,
        Method::RandomSearch(Region::Cube),
    ];
    let by_gradients = METHODS
        .iter()
        .filter(|method| ["Adam", "ball, lagged contact"].contains(&method.name))
        .map(Method::Gradients);
    let mut methods = vec![
        (ball.name(), ball, 1.0),
        ("the same, half the radius".to_owned(), ball, 0.5),
        ("the same, twice the radius".to_owned(), ball, 2.0),
        ("the same, twice the rate".to_owned(), Method::Ball { rate: 2.0 }, 1.0),
    ];
    methods.extend(others.into_iter().chain(by_gradients).map(|other| (other.name(), other, 1.0)));
    methods
}

/// What every method and the usual tool leave, seed by seed.
fn column<J: Job>(args: &LossesOnlyArgs, bar: &ProgressBar) -> Result<Vec<Vec<f64>>> {
    let seeds = (0..args.tuning).chain(JUDGED..JUDGED + args.seeds);
    let jobs: BTreeMap<u64, J> = seeds.map(|seed| (seed, J::of(seed))).collect();
    let make = |seed| (jobs[&seed].clone(), vec![0.0; J::PARAMETERS]);
    let mut column = Vec::new();
    for (_, method, part) in methods() {
        let radius = part * radius(J::PARAMETERS);
        column.push(judged(args, &method, make, radius, J::BUDGET)?);
        bar.inc(1);
    }
    for tool in [J::usual_tool, J::other_tool] {
        let left = (JUDGED..JUDGED + args.seeds).into_par_iter().map(|seed| {
            let mut job = jobs[&seed].clone();
            let theta = tool(&job);
            let left = job.left(&theta);
            if left.is_nan() { f64::INFINITY } else { left }
        });
        column.push(left.collect());
        bar.inc(1);
    }
    Ok(column)
}

/// A job as a column of the table, and what is said of it.
struct Told {
    name: &'static str,
    solved: f64,
    left: Vec<Vec<f64>>,
    about: String,
}

fn told<J: Job>(args: &LossesOnlyArgs, bar: &ProgressBar) -> Result<Told> {
    if args.write
        && let Some((name, picture)) = J::of(JUDGED).picture(JUDGED)?
    {
        let file = root().join("docs").join(name);
        fs::write(&file, picture).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(Told { name: J::NAME, solved: J::SOLVED, left: column::<J>(args, bar)?, about: J::about() })
}

/// Settings are chosen on so many times the seeds of a bowl: whether a job is done or not is less
/// smooth than how much of a bowl is left.
const TUNING: u64 = 3;

/// The part of the document.
pub fn jobs(args: &LossesOnlyArgs) -> Result<String> {
    let args = &LossesOnlyArgs { tuning: TUNING * args.tuning, ..args.clone() };
    let tools = ["usual tool", "another tool"].map(str::to_owned);
    let rows: Vec<String> = methods().into_iter().map(|(name, ..)| name).chain(tools).collect();
    let bar = progress::bar("doing jobs", "cells");
    bar.set_length(5 * rows.len() as u64);
    let all = [
        told::<Registration<false>>(args, &bar)?,
        told::<Registration<true>>(args, &bar)?,
        told::<Calibration>(args, &bar)?,
        told::<Controller>(args, &bar)?,
        told::<Ranging>(args, &bar)?,
    ];
    bar.finish_and_clear();
    let names = all.each_ref().map(|told| told.name);
    let solved = all.each_ref().map(|told| Some(told.solved));
    let about: String = all.iter().map(|told| format!("\n\n{}", told.about)).collect();
    let columns = all.map(|told| told.left);
    Ok(format!(
        "`cargo lab losses-only --write`. Jobs that people have. Each parameter is in units of the \
         range that whoever has the job knows; what is looked for may be anywhere in it, and a \
         search starts in the middle. The ball has its preset and the radius `sqrt(d / 3)`, the \
         root mean square of how far that is; three rows say what another radius or rate would \
         do. Each method from SPSA to the lagged contact has the best of 24 settings on {} other \
         seeds, but for random search, which looks in the whole range; nothing is tuned in the \
         tools, which are told below. All may ask for the same number of losses; a gradient \
         counts as three, and as nine in the controller's job, where it is one of differences. \
         MA-ES is CMA-ES with a root of its covariance, which is learned directly. A cell has the \
         share of {} cases in which the error is good enough, the median error, and in brackets \
         how many times as large as the ball's it is, and `*`, as above.\n\n{}{about}",
        args.tuning,
        args.seeds,
        compare(&rows, &names, &columns, &solved)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::losses_only::families::differences;

    fn the_usual_tool_is_better_than_the_middle<J: Job>() {
        let better = (0..10).filter(|seed| {
            let mut job = J::of(*seed);
            let theta = job.usual_tool();
            job.left(&theta) < job.left(&vec![0.0; J::PARAMETERS])
        });
        assert!(better.count() >= 7, "{}", J::NAME);
    }

    fn the_gradient_is_that_of_the_loss<J: Job>() -> Result<()> {
        let mut job = J::of(1);
        let theta = vec![0.13; J::PARAMETERS];
        let (mut gradient, mut slopes) = (theta.clone(), theta.clone());
        job.gradient(&theta, &mut gradient)?;
        differences(&mut job, &theta, 1e-3, &mut slopes)?;
        for (slope, expected) in gradient.iter().zip(&slopes) {
            // The losses are rounded, and bend over the distance of the differences.
            let off = (slope - expected).abs();
            assert!(off < 0.02 * (1.0 + expected.abs()), "{}: {gradient:?} {slopes:?}", J::NAME);
        }
        Ok(())
    }

    #[test]
    fn the_usual_tool_of_a_job_is_better_than_its_start_in_most_cases() {
        the_usual_tool_is_better_than_the_middle::<Registration<false>>();
        the_usual_tool_is_better_than_the_middle::<Calibration>();
        the_usual_tool_is_better_than_the_middle::<Ranging>();
    }

    #[test]
    fn a_jobs_gradient_is_that_of_its_loss() -> Result<()> {
        the_gradient_is_that_of_the_loss::<Registration<false>>()?;
        the_gradient_is_that_of_the_loss::<Calibration>()?;
        the_gradient_is_that_of_the_loss::<Ranging>()
    }

    #[test]
    fn the_ball_makes_the_pictures_that_the_document_shows() -> Result<()> {
        let pictures = [
            Registration::<false>::of(1).picture(1)?,
            Calibration::of(1).picture(1)?,
            Controller::of(1).picture(1)?,
            Ranging::of(1).picture(1)?,
        ];
        let about = [
            Registration::<false>::about(),
            Calibration::about(),
            Controller::about(),
            Ranging::about(),
        ];
        for (picture, about) in pictures.into_iter().zip(about) {
            let (name, bytes) = picture.context("a job has no picture")?;
            assert!(about.contains(&format!("]({name})")), "{about}");
            assert!(bytes.starts_with(b"\x89PNG") || bytes.starts_with(b"<svg"), "{name}");
            assert!(bytes.len() < 100_000, "{name}: {}", bytes.len());
        }
        Ok(())
    }
}
