//! Lopsided bowls with wrinkles everywhere, and losses that a ball is not for.

use oorandom::Rand32;
use rolling_ball::landscapes::Rosenbrock;
use rolling_ball::{Error, Objective};
use workbench::statistics::normal;

/// What a bowl's floor is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wrinkles {
    /// None.
    None,
    /// Waves.
    Dents,
    /// Narrow pits in a floor that is flat between them.
    Pits,
    /// Waves upon waves, each twice as fine and 0.6 times as high.
    Weierstrass,
}

impl Wrinkles {
    pub const ALL: [Self; 3] = [Self::Dents, Self::Pits, Self::Weierstrass];

    pub fn name(self) -> &'static str {
        match self {
            Self::None => "smooth",
            Self::Dents => "dents",
            Self::Pits => "pits",
            Self::Weierstrass => "Weierstrass",
        }
    }

    /// The height and its slope at a place along one axis.
    fn at(self, z: f64, phase: f64) -> (f64, f64) {
        match self {
            Self::None => (0.0, 0.0),
            Self::Dents => {
                let (sine, cosine) = (10.0 * z + phase).sin_cos();
                (0.3 * cosine, -3.0 * sine)
            }
            Self::Pits => {
                let (sine, cosine) = (10.0 * z + phase).sin_cos();
                let depth = (8.0 * (cosine - 1.0)).exp();
                (-depth, 80.0 * sine * depth)
            }
            Self::Weierstrass => {
                let (mut height, mut slope) = (0.0, 0.0);
                let (mut amplitude, mut wave) = (0.3, 3.0);
                for octave in 0..10 {
                    let (sine, cosine) = (wave * z + phase * f64::from(octave + 1)).sin_cos();
                    height += amplitude * cosine;
                    slope -= amplitude * wave * sine;
                    (amplitude, wave) = (0.6 * amplitude, 2.0 * wave);
                }
                (height, slope)
            }
        }
    }
}

/// Axes at right angles to each other, however turned.
#[derive(Clone, Debug)]
struct Axes(Option<Vec<Vec<f64>>>);

/// In more dimensions than this, axes are not turned: it would take longer than the rest.
const MOST_TURNED: usize = 100;

impl Axes {
    fn turned(dimensions: usize, random: &mut Rand32) -> Self {
        if dimensions > MOST_TURNED {
            return Self(None);
        }
        let mut axes: Vec<Vec<f64>> = Vec::new();
        while axes.len() < dimensions {
            let mut axis: Vec<f64> = (0..dimensions).map(|_| f64::from(normal(random))).collect();
            for other in axes.iter().chain(&axes) {
                let along: f64 = axis.iter().zip(other).map(|(a, b)| a * b).sum();
                axis.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
            }
            let length = axis.iter().map(|a| a * a).sum::<f64>().sqrt();
            axis.iter_mut().for_each(|a| *a /= length);
            axes.push(axis);
        }
        Self(Some(axes))
    }

    fn along(&self, index: usize, place: &[f64]) -> f64 {
        match &self.0 {
            Some(axes) => axes[index].iter().zip(place).map(|(a, b)| a * b).sum(),
            None => place[index],
        }
    }

    fn add(&self, index: usize, slope: f64, gradient: &mut [f64]) {
        match &self.0 {
            Some(axes) => axes[index].iter().zip(gradient).for_each(|(a, g)| *g += slope * a),
            None => gradient[index] += slope,
        }
    }
}

/// A bowl of condition 10 that is twice as steep on one side of each axis, with wrinkles along
/// other axes.
#[derive(Clone, Debug)]
pub struct Bowl {
    wrinkles: Wrinkles,
    bottom: Vec<f64>,
    axes: Axes,
    wrinkled: Axes,
    phases: Vec<f64>,
}

const CONDITION: f64 = 10.0;

impl Bowl {
    /// The bowl of a seed, and a start.
    pub fn new(wrinkles: Wrinkles, dimensions: usize, seed: u64) -> (Self, Vec<f32>) {
        let mut random = Rand32::new(seed);
        let between =
            |edge: f64, random: &mut Rand32| edge * (2.0 * f64::from(random.rand_float()) - 1.0);
        let bottom = (0..dimensions).map(|_| between(1.0, &mut random)).collect();
        let start = (0..dimensions).map(|_| between(3.0, &mut random) as f32).collect();
        let phases = (0..dimensions).map(|_| between(3.2, &mut random)).collect();
        let axes = Axes::turned(dimensions, &mut random);
        let wrinkled = Axes::turned(dimensions, &mut random);
        (Self { wrinkles, bottom, axes, wrinkled, phases }, start)
    }

    fn evaluate(&self, theta: &[f32], wrinkles: Wrinkles, mut gradient: Option<&mut [f64]>) -> f64 {
        let place: Vec<f64> = theta.iter().map(|t| f64::from(*t)).collect();
        let from_bottom: Vec<f64> = place.iter().zip(&self.bottom).map(|(t, b)| t - b).collect();
        let (mut height, last) = (0.0, (theta.len().max(2) - 1) as f64);
        for (index, phase) in self.phases.iter().enumerate() {
            let along = self.axes.along(index, &from_bottom);
            let steep = CONDITION.powf(index as f64 / last - 0.5);
            let steep = if along > 0.0 { steep } else { 2.0 * steep };
            height += steep * along * along / 2.0;
            let (wrinkle, slope) = match wrinkles {
                Wrinkles::None => (0.0, 0.0),
                wrinkles => wrinkles.at(self.wrinkled.along(index, &place), *phase),
            };
            height += wrinkle;
            if let Some(gradient) = &mut gradient {
                self.axes.add(index, steep * along, gradient);
                self.wrinkled.add(index, slope, gradient);
            }
        }
        height
    }
}

/// A loss, and what counts of it.
pub trait Problem: Objective + Clone + Send + Sync {
    /// What is left where a run ends.
    fn left(&mut self, theta: &[f32]) -> f64;
}

/// The loss, and a gradient of differences between losses that far away on either side.
pub fn differences<P: Problem>(
    problem: &mut P,
    theta: &[f32],
    apart: f32,
    gradient: &mut [f32],
) -> Result<f32, Error> {
    let mut place = theta.to_vec();
    for (index, slope) in gradient.iter_mut().enumerate() {
        place[index] = theta[index] + apart;
        let above = problem.loss(&place)?;
        place[index] = theta[index] - apart;
        *slope = (above - problem.loss(&place)?) / (2.0 * apart);
        place[index] = theta[index];
    }
    problem.loss(theta)
}

impl Objective for Bowl {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(self.evaluate(theta, self.wrinkles, None) as f32)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        let mut exact = vec![0.0; theta.len()];
        let loss = self.evaluate(theta, self.wrinkles, Some(&mut exact));
        gradient.iter_mut().zip(exact).for_each(|(to, from)| *to = from as f32);
        Ok(loss as f32)
    }
}

impl Problem for Bowl {
    /// The bowl without its wrinkles.
    fn left(&mut self, theta: &[f32]) -> f64 {
        self.evaluate(theta, Wrinkles::None, None)
    }
}

/// A loss that is not a bowl with wrinkles.
#[derive(Clone, Debug)]
pub enum Hard {
    /// The banana-shaped valley, in ten dimensions.
    Rosenbrock,
    /// Frequency, amplitude and phase of a sine through readings, from a frequency that is off by
    /// some cycles.
    Cycles,
    /// The parameter and the start of a logistic map, from its first 30 states.
    Chaos,
}

const READINGS: usize = 64;

impl Hard {
    pub const ALL: [Self; 3] = [Self::Rosenbrock, Self::Cycles, Self::Chaos];

    pub fn name(&self) -> &'static str {
        match self {
            Self::Rosenbrock => "Rosenbrock, 10",
            Self::Cycles => "skipped cycles, 3",
            Self::Chaos => "chaotic fit, 2",
        }
    }

    pub fn start(&self, seed: u64) -> Vec<f32> {
        let mut random = Rand32::new(seed);
        let mut around = |middle: f32, edge: f32| middle + edge * (2.0 * random.rand_float() - 1.0);
        match self {
            Self::Rosenbrock => (0..10).map(|_| around(0.0, 2.0)).collect(),
            Self::Cycles => vec![around(4.0, 2.0), around(1.0, 0.5), around(0.0, 1.0)],
            Self::Chaos => vec![around(3.6, 0.3), around(0.4, 0.2)],
        }
    }

    /// About as far as the start is off.
    pub fn radius(&self) -> f32 {
        match self {
            Self::Rosenbrock => 4.0,
            Self::Cycles => 2.0,
            Self::Chaos => 0.3,
        }
    }
}

impl Objective for Hard {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(match self {
            Self::Rosenbrock => Rosenbrock.loss(theta)?,
            Self::Cycles => {
                let [frequency, amplitude, phase] = *theta else { return Ok(f32::NAN) };
                let readings = (0..READINGS).map(|index| {
                    let x = 10.0 * index as f32 / READINGS as f32 - 5.0;
                    (amplitude * (frequency * x + phase).sin() - (4.0 * x).sin()).powi(2)
                });
                readings.sum::<f32>() / READINGS as f32
            }
            Self::Chaos => {
                let [r, x] = *theta else { return Ok(f32::NAN) };
                let (mut true_x, mut x, mut sum) = (0.4_f64, f64::from(x), 0.0);
                for _ in 0..30 {
                    sum += (x - true_x).powi(2);
                    x = (f64::from(r) * x * (1.0 - x)).clamp(-10.0, 10.0);
                    true_x = 3.8 * true_x * (1.0 - true_x);
                }
                (sum / 30.0) as f32
            }
        })
    }

    /// Of differences, but where the landscape has its own: none of these is noisy.
    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        if let Self::Rosenbrock = self {
            return Rosenbrock.gradient(theta, gradient);
        }
        differences(self, theta, 1e-3, gradient)
    }
}

impl Problem for Hard {
    fn left(&mut self, theta: &[f32]) -> f64 {
        self.loss(theta).map_or(f64::INFINITY, f64::from)
    }
}

/// A problem whose losses are off by a normal number each time.
#[derive(Clone, Debug)]
pub struct Noisy<P> {
    pub problem: P,
    pub deviation: f32,
    /// A loss is the mean of so many.
    pub each: u32,
    pub random: Rand32,
}

impl<P: Problem> Objective for Noisy<P> {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        let noise: f32 = (0..self.each).map(|_| normal(&mut self.random)).sum();
        Ok(self.problem.loss(theta)? + self.deviation * noise / self.each as f32)
    }

    /// That of the problem without noise.
    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        self.problem.gradient(theta, gradient)
    }
}

impl<P: Problem> Problem for Noisy<P> {
    fn left(&mut self, theta: &[f32]) -> f64 {
        self.problem.left(theta)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bowls_gradient_is_that_of_its_loss() -> Result<(), Error> {
        for wrinkles in [Wrinkles::None, Wrinkles::Dents, Wrinkles::Pits, Wrinkles::Weierstrass] {
            let (bowl, theta) = Bowl::new(wrinkles, 4, 3);
            let mut gradient = [0.0; 4];
            bowl.evaluate(&theta, wrinkles, Some(&mut gradient));
            for index in 0..4 {
                let mut place = theta.clone();
                place[index] += 2e-5;
                let apart = f64::from(place[index]) - f64::from(theta[index]);
                let rise =
                    bowl.evaluate(&place, wrinkles, None) - bowl.evaluate(&theta, wrinkles, None);
                let slope = gradient[index];
                assert!((rise / apart - slope).abs() < 0.05 * (1.0 + slope.abs()), "{wrinkles:?}");
            }
        }
        Ok(())
    }
}
