//! Losses with wrinkles, where a ball should win: every optimizer at equal cost, with and without
//! decay.

pub mod methods;
mod problems;

use super::picture::{Chart, Mark, Series};
use super::report::{Part, Section};
use anyhow::{Context, Result};
use clap::Args;
use indicatif::ProgressBar;
use methods::{Method, RATES, SCALES, Settings, all};
use oorandom::Rand32;
use problems::{AWAY, BOWLS, CONDITION, Case, Loss, Material, OTHERS, Problem, SAMPLES};
use rayon::prelude::*;
use rolling_ball::{Error, Objective, step};
use workbench::progress;
use workbench::statistics::{median, normal};

/// Rippled bowls, a quantised network and a sine: what every optimizer leaves of the loss at equal
/// cost, each with its best settings
#[derive(Args, Clone, Debug)]
pub struct WrinklesArgs {
    /// Gradient evaluations of a run
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(20..=100_000))]
    gradients: u32,
    /// Starts on which each method's settings are chosen
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1000))]
    tuning: u64,
    /// Other starts, on which it is judged
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1000))]
    starts: u64,
}

/// The loss somewhere near theta.
pub struct Smoothed<L> {
    pub loss: L,
    pub deviation: f32,
    pub random: Rand32,
    pub place: Vec<f32>,
}

impl<L: Objective> Objective for Smoothed<L> {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.loss.loss(theta)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        if self.deviation == 0.0 {
            return self.loss.gradient(theta, gradient);
        }
        for (place, t) in self.place.iter_mut().zip(theta) {
            *place = t + self.deviation * normal(&mut self.random);
        }
        self.loss.gradient(&self.place, gradient)
    }
}

/// One start of a method on a problem.
#[derive(Clone, Copy)]
struct Run<'a> {
    material: &'a Material,
    problem: Problem,
    method: &'a Method,
    settings: Settings,
    seed: u64,
}

impl Run<'_> {
    /// What is left of the loss that counts at the end; infinite where the run diverged. `tell`
    /// hears of each step.
    fn residual(self, mut tell: impl FnMut(&mut Loss, &[f32])) -> Result<f32> {
        let Self { material, problem, method, settings, seed } = self;
        let mut random = Rand32::new(seed);
        let Case { start: mut theta, loss } = material.case(problem, &mut random, seed);
        let mut optimizer = (method.make)(theta.len(), settings)?;
        let deviation = if method.smooths { settings.scale } else { 0.0 };
        let decaying = settings.schedule(deviation);
        let mut objective = Smoothed { loss, deviation, random, place: vec![0.0; theta.len()] };
        for index in 0..settings.steps {
            objective.deviation = decaying.at(index);
            if step(&mut *optimizer, &mut objective, &mut theta).is_err() {
                return Ok(f32::INFINITY);
            }
            tell(&mut objective.loss, &theta);
        }
        Ok(objective.loss.residual(&theta)?)
    }
}

/// The median of starts.
fn over(run: Run, seeds: std::ops::Range<u64>) -> Result<f32> {
    let runs = seeds.into_par_iter().map(|seed| Run { seed, ..run }.residual(|_, _| ()));
    Ok(median(runs.collect::<Result<Vec<f32>>>()?) as f32)
}

/// A method with the settings that are best on the starts for that.
fn tuned<'a>(
    args: &WrinklesArgs,
    material: &'a Material,
    problem: Problem,
    method: &'a Method,
    decays: bool,
) -> Result<Run<'a>> {
    let mut best: Option<(f32, Run)> = None;
    for settings in method.settings(&problem, args.gradients, decays) {
        let run = Run { material, problem, method, settings, seed: args.tuning };
        let residual = over(run, 0..args.tuning)?;
        if best.is_none_or(|(least, _)| residual < least) {
            best = Some((residual, run));
        }
    }
    Ok(best.context("a method has no settings")?.1)
}

/// The methods that the picture shows.
const DRAWN: [&str; 5] =
    ["SGD", "Adam", "Entropy-SGD, 5 moves", "random smoothing", "ball, lagged contact"];

/// The bowl's loss on the way, the median of the starts.
fn picture(args: &WrinklesArgs, material: &Material, problem: Problem) -> Result<Part> {
    let drawn = all().filter(|method| DRAWN.contains(&method.name));
    let mut series = Vec::new();
    for (colour, method) in drawn.enumerate() {
        let run = tuned(args, material, problem, method, true)?;
        let starts = (args.tuning..args.tuning + args.starts).into_par_iter().map(|seed| {
            let mut residuals = Vec::new();
            Run { seed, ..run }.residual(|loss, theta| residuals.extend(loss.residual(theta)))?;
            Ok(residuals)
        });
        let starts = starts.collect::<Result<Vec<_>>>()?;
        let each = f64::from(args.gradients) / f64::from(run.settings.steps.max(1));
        let after = |step: u32| {
            let index = step as usize - 1;
            let residuals = starts.iter().filter_map(|residuals| residuals.get(index).copied());
            (each * f64::from(step), median(residuals))
        };
        let points = (1..=run.settings.steps).map(after).collect();
        series.push(Series {
            label: format!("{}, cosine", method.name),
            points,
            mark: Mark::Line,
            colour,
        });
    }
    let chart = Chart {
        title: &format!("What is left of a bowl with ripples ({})", problem.name()),
        x: "gradient evaluations",
        y: "loss of the bowl without its ripples",
        series,
        logarithmic: (false, true),
    };
    let caption =
        "The median of the starts that are judged, with the best settings of each.".to_owned();
    Ok(Part::Picture { file: "wrinkles.svg", svg: chart.draw()?, caption })
}

/// Every method on these problems.
fn table(
    args: &WrinklesArgs,
    material: &Material,
    problems: &[Problem],
    bar: &ProgressBar,
) -> Result<Part> {
    let header = std::iter::once("method".to_owned()).chain(problems.iter().map(Problem::name));
    let mut rows = Vec::new();
    for method in all() {
        for decays in [false, true] {
            let name =
                if decays { format!("{}, cosine", method.name) } else { method.name.to_owned() };
            let mut row = vec![name];
            for problem in problems {
                let run = tuned(args, material, *problem, method, decays)?;
                let residual = over(run, args.tuning..args.tuning + args.starts)?;
                row.push(format!("{residual:.2e}"));
                bar.inc(1);
            }
            rows.push(row);
        }
    }
    Ok(Part::Table { header: header.collect(), rows })
}

/// Runs the experiment.
pub fn run(args: &WrinklesArgs) -> Result<Section> {
    let material = Material::new()?;
    let bar = progress::bar("rolling over wrinkles", "problems");
    bar.set_length((2 * all().count() * (BOWLS.len() + OTHERS.len())) as u64);
    let parts = vec![
        Part::Text(format!(
            "What is left of the loss after {} gradient evaluations, the median of {} starts. \
             Every method tried {} settings on {} other starts and is shown with the best for each \
             problem: rates and, where it has one, radius, perturbation, pull or deviation, in \
             equal ratios; `cosine` lets rate and radius, perturbation or deviation go down to \
             nothing.",
            args.gradients,
            args.starts,
            RATES * SCALES,
            args.tuning
        )),
        Part::Heading("Quadratic bowls with ripples".to_owned()),
        Part::Text(format!(
            "Columns: parameters, amplitude and frequency of the ripples. Condition {CONDITION}, \
             starts uniform between -3 and 3; the loss of the bowl without its ripples at the end."
        )),
        table(args, &material, &BOWLS, &bar)?,
        picture(args, &material, BOWLS[1])?,
        Part::Heading("A quantised network, and a sine".to_owned()),
        Part::Text(format!(
            "A network of digits, 64-32-10, fine-tuned for a turned sensor on {SAMPLES} samples \
             while its weights are rounded to multiples of a step; gradients are those at the \
             rounded weights. Its loss with rounded weights on all other samples at the end. And \
             the frequency and amplitude of a sine, from a frequency up to {AWAY} away from the \
             right 4, whose loss waves between: its mean squared error at the end."
        )),
        table(args, &material, &OTHERS, &bar)?,
    ];
    bar.finish_and_clear();
    Ok(Section { name: "wrinkles", title: "Losses with wrinkles", parts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shrinking_ball_rolls_over_ripples_that_hold_decaying_gradient_descent() -> Result<()> {
        let material = Material::new()?;
        let problem = BOWLS[1];
        let best = |name: &str| -> Result<f32> {
            let method = all().find(|method| method.name == name);
            let method = method.ok_or_else(|| anyhow::anyhow!("no method {name}"))?;
            let settings = method.settings(&problem, 300, true).into_iter();
            let residuals = settings.map(|settings| {
                let run = Run { material: &material, problem, method, settings, seed: 3 };
                run.residual(|_, _| ())
            });
            Ok(residuals.collect::<Result<Vec<_>>>()?.into_iter().fold(f32::INFINITY, f32::min))
        };
        assert!(best("ball, lagged contact")? < 1e-3 * best("SGD")?);
        Ok(())
    }
}
