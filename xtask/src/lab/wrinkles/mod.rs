//! Losses with wrinkles, where a ball should win: every optimizer at equal cost, with and without decay.

mod methods;
mod problems;

use super::numbers::{median, normal};
use super::report::{Part, Section};
use crate::progress;
use anyhow::Result;
use clap::Args;
use indicatif::ProgressBar;
use methods::{METHODS, Method, RATES, SCALES, Settings};
use oorandom::Rand32;
use problems::{AWAY, BOWLS, CONDITION, Case, Loss, Material, OTHERS, Problem, SAMPLES};
use rayon::prelude::*;
use rolling_ball::{Error, Objective, step};

/// Rippled bowls, a quantised network and a sine: what every optimizer leaves of the loss at equal cost, each with its best settings
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
struct Smoothed {
    loss: Loss,
    deviation: f32,
    random: Rand32,
    place: Vec<f32>,
}

impl Objective for Smoothed {
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

/// What a run leaves of the loss that counts; infinite where it diverged.
fn residual(
    material: &Material,
    problem: Problem,
    method: &Method,
    settings: Settings,
    seed: u64,
) -> Result<f32> {
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
    }
    Ok(objective.loss.residual(&theta)?)
}

/// What a method comes to on a problem: the median of starts, with the settings that are best on others.
fn judge(
    args: &WrinklesArgs,
    material: &Material,
    problem: Problem,
    method: &Method,
    decays: bool,
) -> Result<f32> {
    let over = |seeds: std::ops::Range<u64>, settings| -> Result<f32> {
        let runs = seeds.into_par_iter();
        let runs = runs.map(|seed| residual(material, problem, method, settings, seed));
        Ok(median(runs.collect::<Result<_>>()?))
    };
    let mut best = (f32::INFINITY, None);
    for settings in method.settings(&problem, args.gradients, decays) {
        let residual = over(0..args.tuning, settings)?;
        if best.1.is_none() || residual < best.0 {
            best = (residual, Some(settings));
        }
    }
    let judged = best.1.map(|best| over(args.tuning..args.tuning + args.starts, best));
    Ok(judged.transpose()?.unwrap_or(f32::NAN))
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
    for method in &METHODS {
        for decays in [false, true] {
            let name =
                if decays { format!("{}, cosine", method.name) } else { method.name.to_owned() };
            let mut row = vec![name];
            for problem in problems {
                row.push(format!("{:.2e}", judge(args, material, *problem, method, decays)?));
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
    bar.set_length((2 * METHODS.len() * (BOWLS.len() + OTHERS.len())) as u64);
    let parts = vec![
        Part::Text(format!(
            "What is left of the loss after {} gradient evaluations, the median of {} starts. Every method tried {} settings on {} \
             other starts and is shown with the best for each problem: rates and, where it has one, radius, perturbation, pull or deviation, in \
             equal ratios; `cosine` lets rate and radius, perturbation or deviation go down to nothing.",
            args.gradients,
            args.starts,
            RATES * SCALES,
            args.tuning
        )),
        Part::Heading("Quadratic bowls with ripples".to_owned()),
        Part::Text(format!(
            "Columns: parameters, amplitude and frequency of the ripples. Condition {CONDITION}, starts uniform between -3 and 3; the loss of the bowl \
             without its ripples at the end."
        )),
        table(args, &material, &BOWLS, &bar)?,
        Part::Heading("A quantised network, and a sine".to_owned()),
        Part::Text(format!(
            "A network of digits, 64-32-10, fine-tuned for a turned sensor on {SAMPLES} samples while its weights are rounded to multiples of a step; gradients \
             are those at the rounded weights. Its loss with rounded weights on all other samples at the end. And the frequency and amplitude of a sine, from a \
             frequency up to {AWAY} away from the right 4, whose loss waves between: its mean squared error at the end."
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
    fn the_shrinking_ball_rolls_over_ripples_in_which_decaying_gradient_descent_stays() -> Result<()>
    {
        let material = Material::new()?;
        let problem = BOWLS[1];
        let best = |name: &str| -> Result<f32> {
            let method = METHODS.iter().find(|method| method.name == name);
            let method = method.ok_or_else(|| anyhow::anyhow!("no method {name}"))?;
            let settings = method.settings(&problem, 300, true).into_iter();
            let residuals =
                settings.map(|settings| residual(&material, problem, method, settings, 3));
            Ok(residuals.collect::<Result<Vec<_>>>()?.into_iter().fold(f32::INFINITY, f32::min))
        };
        assert!(best("ball, lagged contact")? < 1e-3 * best("SGD")?);
        Ok(())
    }
}
