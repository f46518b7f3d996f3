//! Bowls with ripples, where a ball should win: every optimizer at equal cost, with and without decay.

use super::numbers::{median, normal};
use super::report::{Part, Section};
use crate::progress;
use anyhow::Result;
use clap::Args;
use indicatif::ProgressBar;
use oorandom::Rand32;
use rolling_ball::landscapes::{Quadratic, RippledBowl};
use rolling_ball::{
    Adam, AdamConfig, CentreStep, EntropySgd, EntropySgdConfig, Error, Footpoint, Objective,
    Optimizer, RollingBall, RollingBallConfig, Sam, SamConfig, Schedule, Sgd, SgdConfig, step,
};

/// Rippled bowls: what every optimizer leaves of the smooth part at equal cost, each with its best settings
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

/// A bowl: parameters, amplitude and frequency of its ripples.
const BOWLS: [(usize, f32, f32); 5] =
    [(10, 0.02, 30.0), (10, 0.05, 30.0), (10, 0.05, 100.0), (10, 0.3, 10.0), (100, 0.05, 30.0)];
const CONDITION: f32 = 10.0;

/// Every method tries as many settings: so many rates, and so many of its other scale; a method without one tries finer rates.
const RATES: usize = 6;
const SCALES: usize = 4;

/// Settings of one run.
#[derive(Clone, Copy, Debug)]
struct Settings {
    rate: f32,
    /// A radius, a perturbation or a deviation.
    scale: f32,
    /// Whether both go down to nothing by a half cosine.
    decays: bool,
    /// Steps that the evaluations pay for.
    steps: u32,
}

impl Settings {
    fn schedule(self, value: f32) -> Schedule {
        if self.decays {
            Schedule::Cosine { from: value, to: 0.0, steps: self.steps }
        } else {
            value.into()
        }
    }
}

type Made = Result<Box<dyn Optimizer>, Error>;

/// How a method is made.
struct Method {
    name: &'static str,
    /// Gradient evaluations of a step.
    cost: u32,
    /// Rates from this one up, each the same times the one before, and the last.
    rates: (f32, f32),
    /// The same for its other scale, where it has one.
    scales: Option<(f32, f32)>,
    make: fn(usize, Settings) -> Made,
    /// Whether gradients are taken at a random point that far away.
    smooths: bool,
}

const RADII: Option<(f32, f32)> = Some((0.03, 3.0));

const METHODS: [Method; 9] = [
    Method {
        name: "SGD",
        cost: 1,
        rates: (0.001, 0.2),
        scales: None,
        make: |n, settings| sgd(n, settings, 0.0),
        smooths: false,
    },
    Method {
        name: "momentum 0.9",
        cost: 1,
        rates: (0.0001, 0.05),
        scales: None,
        make: |n, settings| sgd(n, settings, 0.9),
        smooths: false,
    },
    Method { name: "Adam", cost: 1, rates: (0.003, 1.0), scales: None, make: adam, smooths: false },
    Method {
        name: "SAM",
        cost: 2,
        rates: (0.003, 0.2),
        scales: Some((0.01, 1.0)),
        make: sam,
        smooths: false,
    },
    Method {
        name: "Entropy-SGD, 5 moves",
        cost: 5,
        rates: (0.003, 0.2),
        scales: Some((0.01, 10.0)),
        make: entropy_sgd,
        smooths: false,
    },
    Method {
        name: "random smoothing",
        cost: 1,
        rates: (0.003, 0.2),
        scales: Some((0.01, 1.0)),
        make: |n, settings| sgd(n, settings, 0.0),
        smooths: true,
    },
    Method {
        name: "ball, lagged contact",
        cost: 1,
        rates: (0.003, 0.2),
        scales: RADII,
        make: |n, settings| {
            ball(n, settings, Footpoint::Contact { refreshes: 0 }, CentreStep::Plain)
        },
        smooths: false,
    },
    Method {
        name: "ball, refreshed contact",
        cost: 2,
        rates: (0.003, 0.2),
        scales: RADII,
        make: |n, settings| {
            ball(n, settings, Footpoint::Contact { refreshes: 1 }, CentreStep::Plain)
        },
        smooths: false,
    },
    Method {
        name: "ball, lagged, arc length",
        cost: 1,
        rates: (0.003, 0.2),
        scales: RADII,
        make: |n, settings| {
            ball(n, settings, Footpoint::Contact { refreshes: 0 }, CentreStep::ArcLength)
        },
        smooths: false,
    },
];

fn sgd(length: usize, settings: Settings, momentum: f32) -> Made {
    let config = SgdConfig {
        learning_rate: settings.schedule(settings.rate),
        momentum,
        roll_back: false,
        ..SgdConfig::default()
    };
    Ok(Box::new(Sgd::new(config, vec![0.0; length], Some(vec![0.0; length]))?))
}

fn adam(length: usize, settings: Settings) -> Made {
    let config = AdamConfig {
        learning_rate: settings.schedule(settings.rate),
        roll_back: false,
        ..AdamConfig::default()
    };
    Ok(Box::new(Adam::new(config, [(); 3].map(|()| vec![0.0; length]))?))
}

fn sam(length: usize, settings: Settings) -> Made {
    let config = SamConfig {
        learning_rate: settings.schedule(settings.rate),
        radius: settings.schedule(settings.scale),
        roll_back: false,
    };
    Ok(Box::new(Sam::new(config, [(); 2].map(|()| vec![0.0; length]))?))
}

fn entropy_sgd(length: usize, settings: Settings) -> Made {
    let config = EntropySgdConfig {
        walk_rate: settings.schedule(settings.rate),
        moves: 5,
        pull: settings.scale.into(),
        roll_back: false,
        ..EntropySgdConfig::default()
    };
    Ok(Box::new(EntropySgd::new(config, [(); 3].map(|()| vec![0.0; length]))?))
}

fn ball(length: usize, settings: Settings, footpoint: Footpoint, centre_step: CentreStep) -> Made {
    let config = RollingBallConfig {
        radius: settings.schedule(settings.scale),
        learning_rate: settings.schedule(settings.rate),
        loss_scale: 1.0,
        footpoint,
        centre_step,
        roll_back: false,
    };
    Ok(Box::new(RollingBall::new(config, [(); 2].map(|()| vec![0.0; length]))?))
}

/// Values from the first to the last in equal ratios.
fn ladder((first, last): (f32, f32), count: usize) -> impl Iterator<Item = f32> {
    let ratio = (last / first).powf(1.0 / (count.max(2) - 1) as f32);
    (0..count).map(move |index| first * ratio.powi(index as i32))
}

impl Method {
    fn settings(&self, gradients: u32, decays: bool) -> Vec<Settings> {
        let steps = gradients / self.cost;
        let settings = |rate, scale| Settings { rate, scale, decays, steps };
        match self.scales {
            None => ladder(self.rates, RATES * SCALES).map(|rate| settings(rate, 0.0)).collect(),
            Some(scales) => ladder(self.rates, RATES)
                .flat_map(|rate| ladder(scales, SCALES).map(move |scale| settings(rate, scale)))
                .collect(),
        }
    }

    /// What is left of the smooth part's loss; infinite where the run diverged.
    fn residual(
        &self,
        bowl: RippledBowl,
        length: usize,
        settings: Settings,
        seed: u64,
    ) -> Result<f32> {
        let mut random = Rand32::new(seed);
        let mut theta: Vec<f32> = (0..length).map(|_| 6.0 * random.rand_float() - 3.0).collect();
        let mut optimizer = (self.make)(length, settings)?;
        let deviation = if self.smooths { settings.scale } else { 0.0 };
        let mut objective = Smoothed { bowl, deviation, random, place: vec![0.0; length] };
        for index in 0..settings.steps {
            if self.smooths && settings.decays {
                let turn = std::f32::consts::PI * index as f32 / settings.steps as f32;
                objective.deviation = deviation * (1.0 + turn.cos()) / 2.0;
            }
            if step(&mut *optimizer, &mut objective, &mut theta).is_err() {
                return Ok(f32::INFINITY);
            }
        }
        Ok(objective.bowl.bowl.loss(&theta)?)
    }
}

/// The loss somewhere near theta.
struct Smoothed {
    bowl: RippledBowl,
    deviation: f32,
    random: Rand32,
    place: Vec<f32>,
}

impl Objective for Smoothed {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.bowl.loss(theta)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        if self.deviation == 0.0 {
            return self.bowl.gradient(theta, gradient);
        }
        for (place, t) in self.place.iter_mut().zip(theta) {
            *place = t + self.deviation * normal(&mut self.random);
        }
        self.bowl.gradient(&self.place, gradient)
    }
}

/// What a method comes to on a bowl.
fn judge(
    args: &WrinklesArgs,
    method: &Method,
    decays: bool,
    bar: &ProgressBar,
) -> Result<Vec<f32>> {
    let mut medians = Vec::new();
    for (length, amplitude, frequency) in BOWLS {
        let bowl = Quadratic { condition: CONDITION };
        let bowl = RippledBowl { bowl, amplitude, frequency };
        let over = |seeds: std::ops::Range<u64>, settings| -> Result<f32> {
            let runs = seeds.map(|seed| method.residual(bowl, length, settings, seed));
            Ok(median(runs.collect::<Result<_>>()?))
        };
        let mut best = (f32::INFINITY, None);
        for settings in method.settings(args.gradients, decays) {
            let residual = over(0..args.tuning, settings)?;
            if best.1.is_none() || residual < best.0 {
                best = (residual, Some(settings));
            }
        }
        let judged = best.1.map(|best| over(args.tuning..args.tuning + args.starts, best));
        medians.push(judged.transpose()?.unwrap_or(f32::NAN));
        bar.inc(1);
    }
    Ok(medians)
}

/// Runs the experiment.
pub fn run(args: &WrinklesArgs) -> Result<Section> {
    let bar = progress::bar("rolling over ripples", "bowls");
    bar.set_length((2 * METHODS.len() * BOWLS.len()) as u64);
    let columns = BOWLS.map(|(n, amplitude, frequency)| format!("{n}, {amplitude}, {frequency}"));
    let header = std::iter::once("method".to_owned()).chain(columns).collect();
    let mut rows = Vec::new();
    for method in &METHODS {
        for decays in [false, true] {
            let name =
                if decays { format!("{}, cosine", method.name) } else { method.name.to_owned() };
            let medians = judge(args, method, decays, &bar)?;
            let cells = medians.into_iter().map(|residual| format!("{residual:.2e}"));
            rows.push(std::iter::once(name).chain(cells).collect());
        }
    }
    bar.finish_and_clear();
    Ok(Section {
        name: "wrinkles",
        title: "Bowls with ripples",
        parts: vec![
            Part::Text(format!(
                "Quadratic bowls of condition {CONDITION} with ripples (columns: parameters, amplitude, frequency), from uniform \
                 starts between -3 and 3, {} gradient evaluations each: the loss of the bowl without its ripples at the end, the median \
                 of {} starts. Every method tried {} settings on {} other starts and is shown with the best for each bowl: rates and, \
                 where it has one, radius, perturbation, pull or deviation, in equal ratios; `cosine` lets rate and radius, perturbation \
                 or deviation go down to nothing.",
                args.gradients,
                args.starts,
                RATES * SCALES,
                args.tuning
            )),
            Part::Table { header, rows },
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_tries_as_many_settings() {
        for method in &METHODS {
            assert_eq!(method.settings(300, true).len(), RATES * SCALES, "{}", method.name);
        }
    }

    #[test]
    fn ladders_go_from_the_first_to_the_last_in_equal_ratios() {
        let rungs: Vec<f32> = ladder((0.01, 10.0), 4).collect();
        for (rung, expected) in rungs.iter().zip([0.01, 0.1, 1.0, 10.0]) {
            assert!((rung / expected - 1.0).abs() < 1e-5, "{rungs:?}");
        }
    }

    #[test]
    fn the_shrinking_ball_rolls_over_ripples_in_which_decaying_gradient_descent_stays() -> Result<()>
    {
        let bowl = Quadratic { condition: CONDITION };
        let bowl = RippledBowl { bowl, amplitude: 0.05, frequency: 30.0 };
        let best = |name: &str| -> Result<f32> {
            let method = METHODS.iter().find(|method| method.name == name);
            let method = method.ok_or_else(|| anyhow::anyhow!("no method {name}"))?;
            let residuals = method.settings(300, true).into_iter();
            let residuals = residuals.map(|settings| method.residual(bowl, 10, settings, 3));
            Ok(residuals.collect::<Result<Vec<_>>>()?.into_iter().fold(f32::INFINITY, f32::min))
        };
        assert!(best("ball, lagged contact")? < 1e-3 * best("SGD")?);
        Ok(())
    }
}
