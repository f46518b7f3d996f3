//! What is compared at equal cost: three losses are a gradient.

use super::evaluations::Evaluations;
use super::families::Problem;
use super::matrix_adaptation::matrix_adaptation;
use super::nelder_mead::nelder_mead;
use crate::wrinkles::Smoothed;
use crate::wrinkles::methods::{METHODS, Method as ByGradients, Settings, ladder};
use anyhow::{Result, bail};
use oorandom::Rand32;
use rolling_ball::{Schedule, ZerothOrderBall, ZerothOrderBallConfig, step};
use workbench::statistics::normal;

/// A way to a lower loss.
#[derive(Clone, Copy)]
pub enum Method {
    /// The ball that needs losses only, with this many times the rate of its preset.
    Ball { rate: f32 },
    /// The same with other radii, from step to step.
    Shrinking(Radii),
    /// The same in plain loops, along other directions.
    Diameters(Directions),
    /// Two losses along random signs, whose distance shrinks (Spall 1992).
    Spsa,
    /// Two losses along a normal direction, close together (Malladi et al. 2023).
    Mezo,
    /// Two losses along a normal direction, at a distance that stays (Nesterov and Spokoiny 2017).
    TwoPoints,
    /// The best of places that are spread over a region around the start.
    RandomSearch(Region),
    /// A simplex that is turned over, made longer or shorter (Nelder and Mead 1965).
    NelderMead,
    /// An evolution strategy: CMA-ES without its covariance (Beyer and Sendhoff 2017).
    MatrixAdaptation,
    /// What follows a gradient.
    Gradients(&'static ByGradients),
}

/// The region in which a random search looks for a lower loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Region {
    /// It looks in the ball of the radius that is known.
    Ball,
    /// It looks in the cube whose edges go from -1 to 1 around the start.
    Cube,
}

/// The directions of diameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Directions {
    /// Uniform on the sphere.
    Sphere,
    /// Every component of the same size.
    Signs,
    /// A random basis, from end to end, then another.
    Basis,
    /// Uniform on the sphere of a quarter of the axes, which are others each time.
    Sparse,
    /// Uniform on the sphere of one quarter of the axes after the other, as of layers.
    Layers,
}

/// How the radius of a ball goes from the first to the last step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Radii {
    Constant,
    Line,
    Exponential,
    /// On half a cosine in half of the steps, and then so many times as large once more.
    Again {
        times: f32,
    },
}

/// How many settings each tuned method tries: so many rates, and so many scales.
const RATES: usize = 6;
const SCALES: usize = 4;

/// What a run may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    pub losses: u32,
    /// As many losses are a gradient.
    pub gradient: u32,
    /// What the rates of methods that have one, and their distances, are multiplied by.
    pub units: (f32, f32),
}

impl Budget {
    /// Steps of two losses.
    pub fn steps(self) -> u32 {
        self.losses / 2
    }
}

/// Gradient evaluations of a run on a bowl.
pub const UNITS: u32 = 300;
pub const BOWLS: Budget = Budget { losses: 3 * UNITS, gradient: 3, units: (1.0, 1.0) };
/// What they pay for.
pub const STEPS: u32 = BOWLS.losses / 2;

impl Method {
    /// Those of the tables of bowls.
    pub fn compared() -> Vec<Self> {
        let mut methods = vec![Self::Ball { rate: 1.0 }, Self::Spsa, Self::Mezo, Self::TwoPoints];
        methods.extend(METHODS.iter().map(Self::Gradients));
        methods
    }

    pub fn name(&self) -> String {
        match self {
            Self::Ball { .. } => "ball, losses only".to_owned(),
            Self::Shrinking(radii) => radii.name(),
            Self::Diameters(directions) => directions.name().to_owned(),
            Self::Spsa => "SPSA, cosine".to_owned(),
            Self::Mezo => "MeZO-SGD, cosine".to_owned(),
            Self::TwoPoints => "two-point random smoothing, cosine".to_owned(),
            Self::RandomSearch(_) => "random search".to_owned(),
            Self::NelderMead => "Nelder-Mead".to_owned(),
            Self::MatrixAdaptation => "MA-ES (CMA-ES)".to_owned(),
            Self::Gradients(method) => format!("{}, cosine", method.name),
        }
    }

    /// What it tries on other seeds, to be judged with the best.
    pub fn settings(&self, budget: Budget) -> Vec<Settings> {
        let (by_rate, by_scale) = budget.units;
        let settings = |rate, scale| Settings { rate, scale, decays: true, steps: budget.steps() };
        let grid = |rates, scales| {
            ladder(rates, RATES)
                .flat_map(|rate| ladder(scales, SCALES).map(move |scale| (rate, scale)))
                .map(|(rate, scale)| settings(by_rate * rate, by_scale * scale))
                .collect()
        };
        match self {
            Self::Ball { .. } | Self::Shrinking(_) | Self::Diameters(_) | Self::RandomSearch(_) => {
                vec![settings(0.0, 0.0)]
            }
            Self::Spsa | Self::TwoPoints => grid((0.0003, 0.1), (0.1, 3.0)),
            Self::Mezo => grid((0.0003, 0.1), (0.001, 0.1)),
            Self::NelderMead => ladder((0.1, 3.0), RATES * SCALES)
                .map(|scale| settings(0.0, by_scale * scale))
                .collect(),
            // The rate is how many times the usual population it has.
            Self::MatrixAdaptation => [1.0, 2.0, 4.0, 8.0]
                .into_iter()
                .flat_map(|times| ladder((0.1, 3.0), RATES).map(move |scale| (times, scale)))
                .map(|(times, scale)| settings(times, by_scale * scale))
                .collect(),
            Self::Gradients(method) => {
                method.settings_in(budget.units, budget.losses / budget.gradient, true)
            }
        }
    }

    /// What is left at the end; infinite where the run ended in an error.
    pub fn left<P: Problem>(
        &self,
        problem: &P,
        start: &[f32],
        radius: f32,
        settings: Settings,
        seed: u64,
    ) -> Result<f64> {
        let (mut problem, mut theta) = (problem.clone(), start.to_vec());
        let mut random = Rand32::new(seed ^ 0x5eed);
        let losses = 2 * settings.steps;
        match *self {
            Self::Ball { rate } => {
                let steps = settings.steps;
                let mut config = ZerothOrderBallConfig::shrinking(radius, theta.len(), steps);
                config.seed = seed as u32;
                config.learning_rate = scaled(config.learning_rate, rate)?;
                roll(config, steps, &mut problem, &mut theta)?;
            }
            Self::Shrinking(radii) => {
                radii.roll(&mut problem, &mut theta, radius, settings.steps, seed)?;
            }
            Self::Diameters(directions) => {
                let mut directions = Source::new(directions, random);
                diameters(&mut problem, &mut theta, radius, &mut directions)?;
            }
            Self::Spsa | Self::Mezo | Self::TwoPoints => {
                self.differences(&mut problem, &mut theta, settings, &mut random)?;
            }
            Self::RandomSearch(region) => {
                let middle = theta.clone();
                let mut losses = Evaluations::new(&mut problem, losses, &mut theta);
                let mut place = middle.clone();
                while losses.loss(&place).is_some() {
                    place = region.somewhere(&middle, radius, &mut random);
                }
            }
            Self::NelderMead => {
                let mut losses = Evaluations::new(&mut problem, losses, &mut theta);
                nelder_mead(&mut losses, settings.scale);
            }
            Self::MatrixAdaptation => {
                let mut losses = Evaluations::new(&mut problem, losses, &mut theta);
                let times = settings.rate as u32;
                matrix_adaptation(&mut losses, settings.scale, times, &mut random);
            }
            Self::Gradients(method) => {
                let mut optimizer = (method.make)(theta.len(), settings)?;
                let deviation = if method.smooths { settings.scale } else { 0.0 };
                let decaying = settings.schedule(deviation);
                let place = vec![0.0; theta.len()];
                let mut loss = Smoothed { loss: problem.clone(), deviation, random, place };
                for index in 0..settings.steps {
                    loss.deviation = decaying.at(index);
                    if step(&mut *optimizer, &mut loss, &mut theta).is_err() {
                        return Ok(f64::INFINITY);
                    }
                }
            }
        }
        let left = problem.left(&theta);
        Ok(if left.is_nan() { f64::INFINITY } else { left })
    }

    /// Gradient descent along differences of two losses.
    fn differences<P: Problem>(
        &self,
        problem: &mut P,
        theta: &mut [f32],
        settings: Settings,
        random: &mut Rand32,
    ) -> Result<()> {
        let rates = settings.schedule(settings.rate);
        for index in 0..settings.steps {
            let apart = match self {
                Self::Spsa => {
                    settings.schedule(settings.scale).at(index).max(1e-3 * settings.scale)
                }
                _ => settings.scale,
            };
            let direction: Vec<f32> = (0..theta.len())
                .map(|_| match self {
                    Self::Spsa => signed(random),
                    _ => normal(random),
                })
                .collect();
            let [first, second] = ends(problem, theta, &direction, apart)?;
            let scale = rates.at(index) * (first - second) / (2.0 * apart);
            theta.iter_mut().zip(&direction).for_each(|(t, d)| *t -= scale * d);
        }
        Ok(())
    }
}

impl Directions {
    fn name(self) -> &'static str {
        match self {
            Self::Sphere => "sphere",
            Self::Signs => "signs",
            Self::Basis => "basis",
            Self::Sparse => "a quarter of the axes, at random",
            Self::Layers => "quarters of the axes, in turn",
        }
    }
}

impl Radii {
    fn name(self) -> String {
        match self {
            Self::Constant => "constant".to_owned(),
            Self::Line => "straight line".to_owned(),
            Self::Exponential => "by the same factor each step".to_owned(),
            Self::Again { times: 1.0 } => "half a cosine, twice".to_owned(),
            Self::Again { times } => format!("half a cosine, and once more with {times} of it"),
        }
    }

    fn roll<P: Problem>(
        self,
        problem: &mut P,
        theta: &mut [f32],
        radius: f32,
        steps: u32,
        seed: u64,
    ) -> Result<()> {
        let config = |radius, steps| ZerothOrderBallConfig {
            seed: seed as u32,
            ..ZerothOrderBallConfig::shrinking(radius, theta.len(), steps)
        };
        let preset = config(radius, steps);
        let (from, to) = (preset.radius.at(0), preset.radius.at(steps));
        let radius = match self {
            Self::Constant => from.into(),
            Self::Line => Schedule::Linear { from, to, steps },
            Self::Exponential => Schedule::Exponential { from, to, steps },
            Self::Again { times } => {
                let halves = [config(radius, steps / 2), config(times * radius, steps / 2)];
                let [first, second] = halves;
                roll(first, steps / 2, problem, theta)?;
                // Other directions than the first half's.
                let second = ZerothOrderBallConfig { seed: !second.seed, ..second };
                return roll(second, steps / 2, problem, theta);
            }
        };
        roll(ZerothOrderBallConfig { radius, ..preset }, steps, problem, theta)
    }
}

/// So many steps of a ball.
fn roll<P: Problem>(
    config: ZerothOrderBallConfig,
    steps: u32,
    problem: &mut P,
    theta: &mut [f32],
) -> Result<()> {
    let mut ball = ZerothOrderBall::new(config)?;
    for _ in 0..steps {
        // A loss that is none costs no more than the step.
        _ = step(&mut ball, problem, theta);
    }
    Ok(())
}

impl Region {
    fn somewhere(self, middle: &[f32], radius: f32, random: &mut Rand32) -> Vec<f32> {
        match self {
            Self::Ball => {
                let direction = on_the_sphere(middle.len(), random);
                let far = radius * random.rand_float().powf(1.0 / middle.len() as f32);
                middle.iter().zip(direction).map(|(m, d)| m + far * d).collect()
            }
            Self::Cube => middle.iter().map(|m| m + 2.0 * random.rand_float() - 1.0).collect(),
        }
    }
}

fn signed(random: &mut Rand32) -> f32 {
    if random.rand_u32() >> 31 == 0 { 1.0 } else { -1.0 }
}

fn on_the_sphere(length: usize, random: &mut Rand32) -> Vec<f32> {
    unit((0..length).map(|_| normal(random)).collect())
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|v| *v /= length);
    vector
}

/// The losses that far along a direction, and as far against it.
fn ends<P: Problem>(
    problem: &mut P,
    theta: &[f32],
    direction: &[f32],
    apart: f32,
) -> Result<[f32; 2]> {
    let mut at = |far: f32| {
        let place: Vec<f32> = theta.iter().zip(direction).map(|(t, d)| t + far * d).collect();
        problem.loss(&place)
    };
    Ok([at(apart)?, at(-apart)?])
}

/// The axes are divided into so many parts where a direction goes along some of them only.
const QUARTERS: usize = 4;

/// Where the directions of a study come from.
struct Source {
    directions: Directions,
    random: Rand32,
    /// What is left of the basis.
    basis: Vec<Vec<f32>>,
    /// The quarter of the axes whose turn it is.
    quarter: usize,
}

impl Source {
    fn new(directions: Directions, random: Rand32) -> Self {
        Self { directions, random, basis: Vec::new(), quarter: 0 }
    }

    /// A direction that is 0 but on some of the axes.
    fn on(&mut self, axes: &[usize], length: usize) -> Vec<f32> {
        let mut direction = vec![0.0; length];
        for (axis, component) in axes.iter().zip(on_the_sphere(axes.len(), &mut self.random)) {
            direction[*axis] = component;
        }
        direction
    }

    fn next(&mut self, length: usize) -> Vec<f32> {
        match self.directions {
            Directions::Sphere => on_the_sphere(length, &mut self.random),
            Directions::Signs => unit((0..length).map(|_| signed(&mut self.random)).collect()),
            Directions::Basis => loop {
                if let Some(direction) = self.basis.pop() {
                    break direction;
                }
                while self.basis.len() < length {
                    let mut axis = on_the_sphere(length, &mut self.random);
                    for other in self.basis.iter().chain(&self.basis) {
                        let along: f32 = axis.iter().zip(other).map(|(a, b)| a * b).sum();
                        axis.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
                    }
                    self.basis.push(unit(axis));
                }
            },
            Directions::Sparse => {
                let mut axes: Vec<usize> = (0..length).collect();
                let count = length.div_ceil(QUARTERS);
                for place in 0..count {
                    let other = self.random.rand_range(place as u32..length as u32) as usize;
                    axes.swap(place, other);
                }
                self.on(&axes[..count], length)
            }
            Directions::Layers => {
                let axes: Vec<usize> =
                    (0..length).filter(|axis| axis * QUARTERS / length == self.quarter).collect();
                self.quarter = (self.quarter + 1) % QUARTERS;
                if axes.is_empty() { self.next(length) } else { self.on(&axes, length) }
            }
        }
    }
}

/// The form of [`ZerothOrderBall`] as its documentation writes it, along any directions.
fn diameters<P: Problem>(
    problem: &mut P,
    theta: &mut [f32],
    radius: f32,
    directions: &mut Source,
) -> Result<()> {
    let config = ZerothOrderBallConfig::shrinking(radius, theta.len(), STEPS);
    let mut mean: Option<f32> = None;
    for index in 0..STEPS {
        let (r, rate) = (config.radius.at(index), config.learning_rate.at(index));
        let direction = directions.next(theta.len());
        let [first, second] = ends(problem, theta, &direction, r)?;
        let slope = (first - second) / (2.0 * r);
        let squared = 0.9 * mean.unwrap_or(slope * slope) + 0.1 * slope * slope;
        mean = Some(squared);
        let usual = ((slope * slope + squared) / 2.0).sqrt();
        if usual > 0.0 {
            let far = rate * r * slope / usual;
            theta.iter_mut().zip(&direction).for_each(|(t, d)| *t -= far * d);
        }
    }
    Ok(())
}

/// A ball that shrinks in so many steps.
pub fn ball(radius: f32, parameters: usize, seed: u64) -> Result<ZerothOrderBall> {
    let config = ZerothOrderBallConfig::shrinking(radius, parameters, STEPS);
    Ok(ZerothOrderBall::new(ZerothOrderBallConfig { seed: seed as u32, ..config })?)
}

/// So many times the preset's rate, which falls on half a cosine.
fn scaled(rate: Schedule, factor: f32) -> Result<Schedule> {
    let Schedule::Cosine { from, to, steps } = rate else {
        bail!("the preset's rate is {rate:?}; expected one that falls on half a cosine")
    };
    Ok(Schedule::Cosine { from: factor * from, to: factor * to, steps })
}
