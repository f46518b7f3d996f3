//! Which optimizer serves fine-tuning best at equal cost: every method on every target and seed, each
//! method's settings chosen on the other targets only.

use crate::data::Dataset;
use anyhow::Result;
use indicatif::ProgressBar;
use rayon::prelude::*;
use rolling_ball::nn::{Layer, Network, SoftmaxCrossEntropy};
use rolling_ball::{
    Adam, AdamConfig, Armijo, CentreStep, ClipNorm, Footpoint, Optimizer, RollingBall,
    RollingBallConfig, Sam, SamConfig, Schedule, Sgd, SgdConfig, step,
};
use scenario::accuracy;

/// One target: a pre-trained network and what its device draws samples from.
pub struct Target {
    /// Pre-trained parameters.
    pub weights: Vec<f32>,
    /// The device's own data.
    pub data: Dataset,
}

/// What all methods are given.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Labelled samples.
    pub samples: usize,
    /// Samples a gradient evaluation; 0 for all.
    pub batch: usize,
    /// The part of the labels that is wrong.
    pub noise: f32,
    /// Cost of a run in gradient evaluations; a loss counts 1/3.
    pub budget: f32,
    /// Draws of the labelled samples for each target.
    pub seeds: u64,
}

/// One of a method's settings.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Learning rate at the start.
    pub rate: f32,
    /// Radius at the start, where the method has one.
    pub radius: f32,
    /// Loss scale or clip norm, where the method has one.
    pub scale: f32,
}

type Build = fn(Settings, steps: u32, length: usize) -> Result<Box<dyn Optimizer>>;

/// A method and the settings it is tried with.
pub struct Method {
    /// Its name in tables.
    pub name: &'static str,
    /// The most gradient evaluations that a step may cost: sets the length of schedules.
    cost: f32,
    /// The settings.
    pub grid: Vec<Settings>,
    build: Build,
}

fn grid(rates: &[f32], radii: &[f32], scales: &[f32]) -> Vec<Settings> {
    let mut grid = Vec::new();
    for rate in rates {
        for radius in radii {
            for scale in scales {
                grid.push(Settings { rate: *rate, radius: *radius, scale: *scale });
            }
        }
    }
    grid
}

fn shrinking(from: f32, steps: u32) -> Schedule {
    Schedule::Cosine { from, to: 0.0, steps }
}

fn vectors<const N: usize>(length: usize) -> [Vec<f32>; N] {
    std::array::from_fn(|_| vec![0.0; length])
}

fn sgd(settings: Settings, steps: u32) -> SgdConfig {
    SgdConfig {
        learning_rate: shrinking(settings.rate, steps),
        roll_back: false,
        ..SgdConfig::default()
    }
}

fn ball(
    settings: Settings,
    steps: u32,
    length: usize,
    footpoint: Footpoint,
    centre_step: CentreStep,
) -> Result<Box<dyn Optimizer>> {
    let config = RollingBallConfig {
        radius: shrinking(settings.radius, steps),
        learning_rate: shrinking(settings.rate, steps),
        loss_scale: settings.scale,
        footpoint,
        centre_step,
        roll_back: false,
    };
    Ok(Box::new(RollingBall::new(config, vectors(length))?))
}

/// The methods of the study, each with twelve settings, but for the line searches, which need none.
pub fn methods() -> Vec<Method> {
    const LAGGED: Footpoint = Footpoint::Contact { refreshes: 0 };
    let rates = [0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 3.0];
    let small_rates =
        [0.0001, 0.0003, 0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.1];
    let ball_grid = || grid(&[0.1, 1.0, 3.0], &[0.03, 0.1], &[3.0, 10.0]);
    vec![
        Method {
            name: "SGD",
            cost: 1.0,
            grid: grid(&rates, &[0.0], &[0.0]),
            build: |s, steps, n| Ok(Box::new(Sgd::new(sgd(s, steps), vec![0.0; n], None)?)),
        },
        Method {
            name: "SGD, clipped",
            cost: 1.0,
            grid: grid(&[0.1, 0.3, 1.0, 3.0], &[0.0], &[0.1, 0.3, 1.0]),
            build: |s, steps, n| {
                let sgd = Sgd::new(sgd(s, steps), vec![0.0; n], None)?;
                Ok(Box::new(ClipNorm::new(sgd, s.scale)?))
            },
        },
        Method {
            name: "SGD, Armijo",
            cost: 1.4,
            grid: grid(&[0.1], &[0.0], &[0.0]),
            build: |s, _, n| {
                let config = SgdConfig {
                    learning_rate: s.rate.into(),
                    line_search: Some(Armijo::default()),
                    ..SgdConfig::default()
                };
                Ok(Box::new(Sgd::new(config, vec![0.0; n], None)?))
            },
        },
        Method {
            name: "momentum 0.9",
            cost: 1.0,
            grid: grid(&rates, &[0.0], &[0.0]),
            build: |s, steps, n| {
                let config = SgdConfig { momentum: 0.9, ..sgd(s, steps) };
                Ok(Box::new(Sgd::new(config, vec![0.0; n], Some(vec![0.0; n]))?))
            },
        },
        Method {
            name: "Adam",
            cost: 1.0,
            grid: grid(&small_rates, &[0.0], &[0.0]),
            build: |s, steps, n| {
                let config = AdamConfig {
                    learning_rate: shrinking(s.rate, steps),
                    roll_back: false,
                    ..AdamConfig::default()
                };
                Ok(Box::new(Adam::new(config, vectors(n))?))
            },
        },
        Method {
            name: "SAM",
            cost: 2.0,
            grid: grid(&[0.03, 0.1, 0.3, 1.0], &[0.02, 0.05, 0.2], &[0.0]),
            build: |s, steps, n| {
                let config = SamConfig {
                    learning_rate: shrinking(s.rate, steps),
                    radius: s.radius.into(),
                    roll_back: false,
                };
                Ok(Box::new(Sam::new(config, vectors(n))?))
            },
        },
        Method {
            name: "ball, lagged contact, arc length",
            cost: 1.0,
            grid: ball_grid(),
            build: |s, steps, n| ball(s, steps, n, LAGGED, CentreStep::ArcLength),
        },
        Method {
            name: "ball, lagged contact, Armijo",
            cost: 1.4,
            grid: grid(&[0.1], &[0.03, 0.1, 0.3], &[1.0, 3.0]),
            build: |s, steps, n| {
                let armijo = CentreStep::Armijo(Armijo::default());
                ball(s, steps, n, LAGGED, armijo)
            },
        },
        Method {
            name: "ball, lagged contact, plain",
            cost: 1.0,
            grid: grid(&[0.01, 0.03, 0.1, 0.3], &[0.03, 0.1, 0.3], &[1.0]),
            build: |s, steps, n| ball(s, steps, n, LAGGED, CentreStep::Plain),
        },
        Method {
            name: "ball, refreshed contact, arc length",
            cost: 2.0,
            grid: ball_grid(),
            build: |s, steps, n| {
                let footpoint = Footpoint::Contact { refreshes: 1 };
                ball(s, steps, n, footpoint, CentreStep::ArcLength)
            },
        },
        Method {
            name: "ball, nearest point, arc length",
            cost: 5.0,
            grid: ball_grid(),
            build: |s, steps, n| {
                let footpoint = Footpoint::GaussNewton { max_iterations: 8, tolerance: 1e-2 };
                ball(s, steps, n, footpoint, CentreStep::ArcLength)
            },
        },
        Method {
            name: "ball, the paper's solver, K 10",
            cost: 10.0,
            grid: grid(&[0.1, 0.3, 1.0], &[0.1, 1.0], &[0.01, 0.1]),
            build: |s, steps, n| {
                let footpoint = Footpoint::GradientDescent { step: s.scale, iterations: 10 };
                let s = Settings { scale: 1.0, ..s };
                ball(s, steps, n, footpoint, CentreStep::Plain)
            },
        },
    ]
}

/// Accuracy after a run; 0 where it diverged.
fn run<T: Layer>(
    method: &Method,
    settings: Settings,
    target: &Target,
    terms: Terms,
    seed: u64,
) -> Result<f64> {
    let (mut labelled, held_out) = target.data.draw(terms.samples, seed);
    labelled.mislabel(terms.noise, seed);
    let samples = labelled.samples();
    let network = Network::<T>::new(&[])?;
    let mut scratch = vec![0.0; Network::<T>::SCRATCH];
    let mut theta = target.weights.clone();
    let steps = ((terms.budget / method.cost) as u32).max(1);
    let mut optimizer = (method.build)(settings, steps, theta.len())?;
    let count = samples.len();
    let batch = if terms.batch == 0 { count } else { terms.batch.min(count) };
    let mut objective =
        network.batch(SoftmaxCrossEntropy::new(), samples.stream(0, batch), &mut scratch)?;
    let (mut spent, mut first) = (0.0, 0);
    while spent < terms.budget && optimizer.steps() < 2 * steps {
        objective.set_samples(samples.stream(first, batch));
        first = (first + batch) % count;
        match step(optimizer.as_mut(), &mut objective, &mut theta) {
            Ok(report) => spent += report.evaluations.cost(),
            Err(_) => return Ok(0.0),
        }
    }
    Ok(accuracy(&network, &theta, &held_out.samples(), &mut scratch)?.fraction())
}

/// Results of one method on one case: `[settings][target][seed]`.
type Results = Vec<Vec<Vec<f64>>>;

/// What a method reached on one case.
pub struct Row {
    /// Accuracy on each target, the mean over the seeds, with settings chosen on the other targets.
    pub accuracy: Vec<f64>,
    /// Standard deviation over the seeds, the mean over the targets.
    pub deviation: f64,
    /// The part of the grid within two points of its best.
    pub width: f64,
    /// Mean accuracy of each of the method's settings over the targets.
    pub by_settings: Vec<f64>,
}

/// A mean.
pub fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0.0), |(s, n), value| (s + value, n + 1.0));
    sum / count
}

/// The index of the largest value.
pub fn largest(values: &[f64]) -> usize {
    (0..values.len()).max_by(|a, b| values[*a].total_cmp(&values[*b])).unwrap_or(0)
}

/// Runs one method on one case.
pub fn compare<T: Layer>(
    method: &Method,
    targets: &[Target],
    terms: Terms,
    bar: &ProgressBar,
) -> Result<Row> {
    let cells: Vec<(usize, usize)> = (0..method.grid.len())
        .flat_map(|settings| (0..targets.len()).map(move |target| (settings, target)))
        .collect();
    let mut flat = cells
        .par_iter()
        .map(|(settings, target)| {
            let seeds = (0..terms.seeds)
                .map(|seed| {
                    run::<T>(method, method.grid[*settings], &targets[*target], terms, seed)
                })
                .collect();
            bar.inc(1);
            seeds
        })
        .collect::<Result<Vec<Vec<f64>>>>()?
        .into_iter();
    let results: Results =
        method.grid.iter().map(|_| flat.by_ref().take(targets.len()).collect()).collect();

    let score = |of: &Vec<Vec<f64>>, except: Option<usize>| {
        let others = of.iter().enumerate().filter(|(target, _)| Some(*target) != except);
        mean(others.map(|(_, seeds)| mean(seeds.iter().copied())))
    };
    let scores = |except| results.iter().map(|result| score(result, except)).collect::<Vec<_>>();
    let chosen: Vec<&Vec<f64>> =
        (0..targets.len()).map(|target| &results[largest(&scores(Some(target)))][target]).collect();
    let deviation = mean(chosen.iter().map(|seeds| {
        let middle = mean(seeds.iter().copied());
        mean(seeds.iter().map(|value| (value - middle).powi(2))).sqrt()
    }));
    let by_settings = scores(None);
    let top = by_settings[largest(&by_settings)];
    let near = by_settings.iter().filter(|score| **score >= top - 0.02).count();
    Ok(Row {
        accuracy: chosen.iter().map(|seeds| mean(seeds.iter().copied())).collect(),
        deviation,
        width: near as f64 / results.len() as f64,
        by_settings,
    })
}
