//! Losses with wrinkles, and what counts without them.

use anyhow::Result;
use oorandom::Rand32;
use rolling_ball::landscapes::{Quadratic, RippledBowl, SineModel};
use rolling_ball::nn::{Network, Samples, SoftmaxCrossEntropy};
use rolling_ball::{Error, Objective};
use scenario::DigitsTail;
use workbench::data::Dataset;
use workbench::data::digits::{self, SENSOR};
use workbench::pretrain::DIGITS_RECIPE;
use workbench::pretrain::pretrain;
use workbench::progress;

type Net = Network<'static, DigitsTail>;

pub const CONDITION: f32 = 10.0;
/// Labelled samples of the quantised network.
pub const SAMPLES: usize = 100;
/// Of the sensor's model: what it should find, and readings.
const FREQUENCY: f32 = 4.0;
const AMPLITUDE: f32 = 1.0;
const READINGS: usize = 64;
/// How far from the frequency a start is, at most.
pub const AWAY: f32 = 2.0;

/// A loss with wrinkles.
#[derive(Clone, Copy, Debug)]
pub enum Problem {
    /// A quadratic bowl with ripples; what counts is the bowl.
    Bowl { parameters: usize, amplitude: f32, frequency: f32 },
    /// A network of digits whose weights are rounded to multiples of a step before it is evaluated,
    /// with the gradient there (straight through): a staircase in every direction.
    Quantised { step: f32 },
    /// Frequency and amplitude of a sine through readings between -5 and 5: the loss waves in the
    /// frequency.
    Sensor,
}

pub const BOWLS: [Problem; 5] = [
    Problem::Bowl { parameters: 10, amplitude: 0.02, frequency: 30.0 },
    Problem::Bowl { parameters: 10, amplitude: 0.05, frequency: 30.0 },
    Problem::Bowl { parameters: 10, amplitude: 0.05, frequency: 100.0 },
    Problem::Bowl { parameters: 10, amplitude: 0.3, frequency: 10.0 },
    Problem::Bowl { parameters: 100, amplitude: 0.05, frequency: 30.0 },
];

pub const OTHERS: [Problem; 4] = [
    Problem::Quantised { step: 0.25 },
    Problem::Quantised { step: 0.5 },
    Problem::Quantised { step: 1.0 },
    Problem::Sensor,
];

impl Problem {
    pub fn name(&self) -> String {
        match self {
            Self::Bowl { parameters, amplitude, frequency } => {
                format!("{parameters}, {amplitude}, {frequency}")
            }
            Self::Quantised { step } => format!("weights in steps of {step}"),
            Self::Sensor => "sine of a sensor".to_owned(),
        }
    }

    /// What a bowl's rates and radii are multiplied by.
    pub fn units(&self) -> (f32, f32) {
        match self {
            Self::Bowl { .. } => (1.0, 1.0),
            Self::Quantised { .. } => (10.0, 1.0),
            Self::Sensor => (1.0, 1.0),
        }
    }
}

/// What the problems are made of.
pub struct Material {
    weights: Vec<f32>,
    digits: Dataset,
}

impl Material {
    pub fn new() -> Result<Self> {
        let bar = progress::bar("pre-training on clean digits", "epochs");
        let weights = pretrain::<DigitsTail>(&digits::clean()?, &DIGITS_RECIPE, &bar)?;
        bar.finish_and_clear();
        Ok(Self { weights, digits: digits::sensed(&SENSOR, 1)? })
    }

    /// A problem from one start.
    pub fn case(&self, problem: Problem, random: &mut Rand32, seed: u64) -> Case {
        match problem {
            Problem::Bowl { parameters, amplitude, frequency } => {
                let bowl = Quadratic { condition: CONDITION };
                let start = (0..parameters).map(|_| 6.0 * random.rand_float() - 3.0).collect();
                Case { start, loss: Loss::Bowl(RippledBowl { bowl, amplitude, frequency }) }
            }
            Problem::Quantised { step } => {
                let (samples, others) = self.digits.draw(SAMPLES, seed);
                let scratch = vec![0.0; Net::scratch(SAMPLES)];
                let rounded = self.weights.clone();
                let loss = Loss::Quantised { step, samples, others, rounded, scratch };
                Case { start: self.weights.clone(), loss }
            }
            Problem::Sensor => {
                let inputs: Vec<f32> =
                    (0..READINGS).map(|_| 10.0 * random.rand_float() - 5.0).collect();
                let target = |x: &f32| AMPLITUDE * (FREQUENCY * x).sin();
                let targets = inputs.iter().map(target).collect();
                let away = AWAY * (2.0 * random.rand_float() - 1.0);
                let start = vec![FREQUENCY + away, 0.5 * AMPLITUDE];
                Case { start, loss: Loss::Sensor { inputs, targets } }
            }
        }
    }
}

/// A start and the loss around.
pub struct Case {
    pub start: Vec<f32>,
    pub loss: Loss,
}

/// A loss with its wrinkles.
pub enum Loss {
    Bowl(RippledBowl),
    Quantised {
        step: f32,
        samples: Dataset,
        others: Dataset,
        /// The weights, rounded to multiples of the step.
        rounded: Vec<f32>,
        scratch: Vec<f32>,
    },
    Sensor {
        inputs: Vec<f32>,
        targets: Vec<f32>,
    },
}

impl Loss {
    /// What is left of the loss that counts: the bowl's, that of the rounded network on all other
    /// samples, or the sine's.
    pub fn residual(&mut self, theta: &[f32]) -> Result<f32, Error> {
        if let Self::Bowl(rippled) = self {
            return rippled.bowl.loss(theta);
        }
        self.exchange();
        let residual = self.loss(theta);
        self.exchange();
        residual
    }

    /// The network's samples for the others.
    fn exchange(&mut self) {
        if let Self::Quantised { samples, others, .. } = self {
            std::mem::swap(samples, others);
        }
    }

    /// Asks the loss itself.
    fn ask(
        &mut self,
        theta: &[f32],
        ask: impl FnOnce(&mut dyn Objective, &[f32]) -> Result<f32, Error>,
    ) -> Result<f32, Error> {
        match self {
            Self::Bowl(rippled) => ask(rippled, theta),
            Self::Sensor { inputs, targets } => ask(&mut SineModel { inputs, targets }, theta),
            Self::Quantised { step, samples, rounded, scratch, .. } => {
                for (rounded, t) in rounded.iter_mut().zip(theta) {
                    *rounded = *step * (t / *step).round();
                }
                let network = Net::new(&[])?;
                let samples = samples.samples();
                let stream = samples.range(0, samples.len());
                ask(&mut network.batch(SoftmaxCrossEntropy::new(), stream, scratch)?, rounded)
            }
        }
    }
}

impl Objective for Loss {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.ask(theta, |loss, theta| loss.loss(theta))
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        self.ask(theta, |loss, theta| loss.gradient(theta, gradient))
    }
}
