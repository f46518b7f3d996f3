//! A hundred steps of every optimizer on a network of digits: the same states, here and there.

use super::comparison::{Comparison, Demand};
use crate::picture::{Chart, Mark, Series};
use anyhow::Result;
use indicatif::ProgressBar;
use oorandom::Rand32;
use rolling_ball::gpu::{self, Batch, DenseNetwork, Device, Shaders, Vector};
use rolling_ball::kernels::Wide;
use rolling_ball::nn::{Layer, Network, SoftmaxCrossEntropy};
use rolling_ball::{
    Adam, AdamConfig, AnyCentreStep, AnyFootpoint, Armijo, GaussNewton, GradientDescent, Objective,
    Optimizer, RollingBall, RollingBallConfig, Sam, SamConfig, Sgd, SgdConfig, step,
};
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

/// By its name, on slices and on vectors.
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
        let slices = || [(); 2].map(|()| vec![0.0f32; N]);
        let vectors = || -> Result<[Vector; 2]> {
            Ok([Vector::zeros(self.device, N)?, Vector::zeros(self.device, N)?])
        };
        let mut all: Vec<Pair> = Vec::new();
        let contact =
            RollingBallConfig { learning_rate: 0.1.into(), ..Default::default() }.into_any();
        let gauss_newton =
            AnyFootpoint::GaussNewton(GaussNewton { tolerance: 1e-3, max_iterations: 10 });
        let paper = AnyFootpoint::GradientDescent(GradientDescent { step: 0.1, iterations: 3 });
        let armijo = AnyCentreStep::Armijo(Armijo::default());
        for (name, config) in [
            ("ball, contact", contact),
            ("ball, Gauss-Newton", RollingBallConfig { footpoint: gauss_newton, ..contact }),
            ("ball, gradient descent", RollingBallConfig { footpoint: paper, ..contact }),
            ("ball, contact, Armijo", RollingBallConfig { centre_step: armijo, ..contact }),
        ] {
            let here = RollingBall::with_backend(Wide, config, slices())?;
            let there = RollingBall::with_backend(Shaders, config, vectors()?)?;
            all.push((name, Box::new(here), Box::new(there)));
        }
        let config = SgdConfig { learning_rate: 0.05.into(), momentum: 0.9, ..Default::default() };
        let [gradient, velocity] = slices();
        let here = Sgd::with_backend(Wide, config, gradient, Some(velocity))?;
        let [gradient, velocity] = vectors()?;
        let there = Sgd::with_backend(Shaders, config, gradient, Some(velocity))?;
        all.push(("SGD with momentum", Box::new(here), Box::new(there)));
        let config = SamConfig { learning_rate: 0.1.into(), ..Default::default() };
        let here = Sam::with_backend(Wide, config, slices())?;
        let there = Sam::with_backend(Shaders, config, vectors()?)?;
        all.push(("SAM", Box::new(here), Box::new(there)));
        let config = AdamConfig { learning_rate: 0.003.into(), ..Default::default() };
        let [[mean, variance], [gradient, _]] = [slices(), slices()];
        let here = Adam::with_backend(Wide, config, [gradient, mean, variance])?;
        let [[mean, variance], [gradient, _]] = [vectors()?, vectors()?];
        let there = Adam::with_backend(Shaders, config, [gradient, mean, variance])?;
        all.push(("Adam", Box::new(here), Box::new(there)));
        Ok(all)
    }

    fn here(&self, optimizer: &mut dyn Optimizer) -> Result<Run> {
        let mut theta = self.theta.clone();
        let digits = digits::clean()?;
        let samples = digits.samples();
        let mut scratch = vec![0.0; Network::<Digits>::scratch(SAMPLES)];
        let network = Network::<Digits>::new(&[])?;
        let stream = samples.stream(0, SAMPLES);
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
