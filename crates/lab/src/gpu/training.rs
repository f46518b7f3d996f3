//! A hundred steps of every optimizer on a network of digits: the same states, here and there.

use super::comparison::{Comparison, Demand};
use crate::picture::{Chart, Mark, Series};
use anyhow::Result;
use indicatif::ProgressBar;
use oorandom::Rand32;
use rolling_ball::gpu::{self, Batch, DenseNetwork, Device, Shaders, Vector};
use rolling_ball::kernels::Wide;
use rolling_ball::nn::{Layer, Network, Samples, SoftmaxCrossEntropy};
use rolling_ball::{
    AdamConfig, AnyCentreStep, AnyFootpoint, Armijo, GaussNewton, GradientDescent, Objective,
    Optimizer, RollingBallConfig, SamConfig, SgdConfig, step,
};
use rolling_ball_rehearsal::OptimizerConfig;
use workbench::data::digits;
use workload::networks::Digits;

/// Those of [`Digits`].
const WIDTHS: [usize; 3] = [64, 32, 10];
const N: usize = Digits::PARAMETERS;
const SAMPLES: usize = 256;
const STEPS: usize = 100;
/// Of the largest, after so many steps on a GPU whose divisions may be off in the last bits.
const PART: f32 = 1e-3;

/// What an optimizer did.
struct Run {
    losses: Vec<f32>,
    theta: Vec<f32>,
}

/// Losses by step and the last theta of each optimizer, and a picture of them.
pub fn compare(device: &Device, bar: &ProgressBar) -> Result<(Vec<Comparison>, String)> {
    let problem = Problem::new(device)?;
    let mut found = Vec::new();
    let mut series = Vec::new();
    let names = problem.optimizers()?.into_iter().map(|(name, ..)| name);
    bar.set_length(names.count() as u64);
    for (colour, (name, mut here, mut there)) in (0..).zip(problem.optimizers()?) {
        let expected = problem.here(&mut *here)?;
        let actual = problem.there(&mut *there)?;
        let demand = Demand::on(device, PART);
        let loss = format!("{name}: loss by step");
        found.push(Comparison::of(loss, demand, &expected.losses, &actual.losses));
        let theta = format!("{name}: theta after {STEPS} steps");
        found.push(Comparison::of(theta, demand, &expected.theta, &actual.theta));
        let points = |losses: &[f32], every: usize| {
            let points = losses.iter().enumerate().step_by(every);
            points.map(|(step, loss)| (step as f64, f64::from(*loss))).collect()
        };
        let line = points(&expected.losses, 1);
        let dots = points(&actual.losses, 10);
        series.push(Series { label: name.to_owned(), points: line, mark: Mark::Line, colour });
        series.push(Series { label: String::new(), points: dots, mark: Mark::Dots, colour });
        bar.inc(1);
    }
    let title =
        format!("A network of digits: {} as dots, this processor as lines", device.adapter().name);
    let chart = Chart { title: &title, x: "step", y: "loss", series, logarithmic: (false, true) };
    Ok((found, chart.draw()?))
}

/// The name of an optimizer, and the optimizer over slices and over vectors of a GPU.
type Pair<'d> = (&'static str, Box<dyn Optimizer>, Box<dyn Optimizer<Vector> + 'd>);

struct Problem<'d> {
    device: &'d Device,
    inputs: Vec<f32>,
    classes: Vec<usize>,
    theta: Vec<f32>,
}

impl<'d> Problem<'d> {
    fn new(device: &'d Device) -> Result<Self> {
        let digits = digits::clean()?;
        let pixels = digits.inputs.iter().take(SAMPLES * digits.width);
        let mut random = Rand32::new(1);
        let mut theta = vec![0.0; N];
        Digits::initialise(&mut theta, &mut || 2.0 * random.rand_float() - 1.0)?;
        Ok(Self {
            device,
            inputs: pixels.map(|byte| f32::from(*byte) * digits.scale + digits.offset).collect(),
            classes: digits.labels.iter().take(SAMPLES).map(|label| (*label).into()).collect(),
            theta,
        })
    }

    fn optimizers(&self) -> Result<Vec<Pair<'d>>> {
        let contact =
            RollingBallConfig { learning_rate: 0.1.into(), ..Default::default() }.into_any();
        let gauss_newton =
            AnyFootpoint::GaussNewton(GaussNewton { tolerance: 1e-3, max_iterations: 10 });
        let paper = AnyFootpoint::GradientDescent(GradientDescent { step: 0.1, iterations: 3 });
        let armijo = AnyCentreStep::Armijo(Armijo::default());
        let sgd = SgdConfig { learning_rate: 0.05.into(), momentum: 0.9, ..Default::default() };
        let sam = SamConfig { learning_rate: 0.1.into(), ..Default::default() };
        let adam = AdamConfig { learning_rate: 0.003.into(), ..Default::default() };
        Ok(vec![
            self.pair("ball, contact", contact)?,
            self.pair(
                "ball, Gauss-Newton",
                RollingBallConfig { footpoint: gauss_newton, ..contact },
            )?,
            self.pair("ball, gradient descent", RollingBallConfig { footpoint: paper, ..contact })?,
            self.pair(
                "ball, contact, Armijo",
                RollingBallConfig { centre_step: armijo, ..contact },
            )?,
            self.pair("SGD with momentum", sgd)?,
            self.pair("SAM", sam)?,
            self.pair("Adam", adam)?,
        ])
    }

    fn pair<C>(&self, name: &'static str, config: C) -> Result<Pair<'d>>
    where
        C: OptimizerConfig<Wide, Optimizer<Vec<f32>>: 'static>,
        C: OptimizerConfig<Shaders, Optimizer<Vector>: 'static> + Copy,
    {
        let here = config.build(Wide, || anyhow::Ok(vec![0.0; N]))?;
        let there = config.build(Shaders, || anyhow::Ok(Vector::zeros(self.device, N)?))?;
        Ok((name, Box::new(here), Box::new(there)))
    }

    fn here(&self, optimizer: &mut dyn Optimizer) -> Result<Run> {
        let mut theta = self.theta.clone();
        let digits = digits::clean()?;
        let samples = digits.samples();
        let mut scratch = vec![0.0; Network::<Digits>::scratch(SAMPLES)];
        let network = Network::<Digits>::new(&[])?;
        let stream = samples.range(0, SAMPLES);
        let mut objective = network.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch)?;
        let mut losses = Vec::new();
        for _ in 0..STEPS {
            losses.push(step(optimizer, &mut objective, &mut theta)?.loss_before);
        }
        losses.push(objective.loss(&theta)?);
        Ok(Run { losses, theta })
    }

    fn batch(&self) -> Result<Batch> {
        let network = DenseNetwork::new(self.device, &WIDTHS)?;
        Ok(network.batch(&self.inputs, &self.classes)?)
    }

    fn there(&self, optimizer: &mut dyn Optimizer<Vector>) -> Result<Run> {
        let mut theta = Vector::from_slice(self.device, &self.theta)?;
        let mut objective = self.batch()?;
        let mut losses = Vec::new();
        for _ in 0..STEPS {
            losses.push(gpu::step(optimizer, &mut objective, &mut theta)?.loss_before);
        }
        losses.push(objective.loss(&theta)?);
        Ok(Run { losses, theta: theta.read()? })
    }
}
