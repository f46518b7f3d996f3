//! What is compared at equal cost: three losses are a gradient.

use super::families::Problem;
use crate::wrinkles::Smoothed;
use crate::wrinkles::methods::{METHODS, Method as ByGradients, Settings, ladder};
use anyhow::Result;
use oorandom::Rand32;
use rolling_ball::{ZerothOrderBall, ZerothOrderBallConfig, step};
use workbench::statistics::normal;

/// A way to a lower loss.
#[derive(Clone, Copy)]
pub enum Method {
    /// The ball that needs losses only, with this many times the rate of its preset.
    Ball { rate: f32 },
    /// The same in plain loops, along other directions.
    Diameters(Directions),
    /// Two losses along random signs, whose distance shrinks (Spall 1992).
    Spsa,
    /// Two losses along a normal direction, close together (Malladi et al. 2023).
    Mezo,
    /// Two losses along a normal direction, at a distance that stays (Nesterov and Spokoiny 2017).
    TwoPoints,
    /// The best of places that are spread over the ball around the start.
    RandomSearch,
    /// What follows a gradient.
    Gradients(&'static ByGradients),
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
}

/// How many settings each tuned method tries: so many rates, and so many scales.
const RATES: usize = 6;
const SCALES: usize = 4;

/// Gradient evaluations of a run.
pub const UNITS: u32 = 300;
/// What they pay for: steps of two losses.
pub const STEPS: u32 = 3 * UNITS / 2;

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
            Self::Diameters(directions) => format!("{directions:?}").to_lowercase(),
            Self::Spsa => "SPSA, cosine".to_owned(),
            Self::Mezo => "MeZO-SGD, cosine".to_owned(),
            Self::TwoPoints => "two-point random smoothing, cosine".to_owned(),
            Self::RandomSearch => "random search".to_owned(),
            Self::Gradients(method) => format!("{}, cosine", method.name),
        }
    }

    /// What it tries on other seeds, to be judged with the best.
    pub fn settings(&self) -> Vec<Settings> {
        let grid = |rates, scales| {
            let settings = |rate, scale| Settings { rate, scale, decays: true, steps: STEPS };
            ladder(rates, RATES)
                .flat_map(|rate| ladder(scales, SCALES).map(move |scale| settings(rate, scale)))
                .collect()
        };
        match self {
            Self::Ball { .. } | Self::Diameters(_) | Self::RandomSearch => {
                vec![Settings { rate: 0.0, scale: 0.0, decays: true, steps: STEPS }]
            }
            Self::Spsa | Self::TwoPoints => grid((0.0003, 0.1), (0.1, 3.0)),
            Self::Mezo => grid((0.0003, 0.1), (0.001, 0.1)),
            Self::Gradients(method) => method.settings_in((1.0, 1.0), UNITS, true),
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
        match *self {
            Self::Ball { rate } => {
                let steps = settings.steps;
                let mut config = ZerothOrderBallConfig::shrinking(radius, theta.len(), steps);
                config.seed = seed as u32;
                config.learning_rate = (rate * config.learning_rate.at(0)).into();
                let mut ball = ZerothOrderBall::new(config)?;
                for _ in 0..steps {
                    // A loss that is none costs no more than the step.
                    _ = step(&mut ball, &mut problem, &mut theta);
                }
            }
            Self::Diameters(directions) => {
                let mut directions = Source { directions, random, basis: Vec::new() };
                diameters(&mut problem, &mut theta, radius, &mut directions)?;
            }
            Self::Spsa | Self::Mezo | Self::TwoPoints => {
                self.differences(&mut problem, &mut theta, settings, &mut random)?;
            }
            Self::RandomSearch => {
                let middle = theta.clone();
                let mut least = problem.loss(&theta)?;
                for _ in 1..3 * UNITS {
                    let direction = on_the_sphere(middle.len(), &mut random);
                    let far = radius * random.rand_float().powf(1.0 / middle.len() as f32);
                    let place: Vec<f32> =
                        middle.iter().zip(direction).map(|(m, d)| m + far * d).collect();
                    let loss = problem.loss(&place)?;
                    if loss < least {
                        (least, theta) = (loss, place);
                    }
                }
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

/// Where the directions of a study come from.
struct Source {
    directions: Directions,
    random: Rand32,
    /// What is left of the basis.
    basis: Vec<Vec<f32>>,
}

impl Source {
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
