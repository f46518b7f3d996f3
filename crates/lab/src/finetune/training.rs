//! A training at a stated cost, whatever its steps cost.

use super::methods::{Length, Method, Settings};
use anyhow::Result;
use rolling_ball::nn::{Layer, Network, QuantizedSamples, Samples, SoftmaxCrossEntropy};
use rolling_ball::step;

/// What a training came to.
pub struct Trained {
    pub theta: Vec<f32>,
    /// Gradient evaluations of a step; a loss counts 1/3.
    pub cost: f64,
}

/// How far the steps that a run made may be from those that its schedules were made for.
const OFF: f64 = 0.05;

/// Trains with a method from a start until the budget of gradient evaluations is spent, over
/// mini-batches of so many samples; nothing where the training diverged. Where the steps cost more
/// or less than the method says, it begins anew with schedules that end with the last step.
pub fn train<T: Layer>(
    (method, settings): (&Method, Settings),
    start: &[f32],
    samples: QuantizedSamples,
    batch: usize,
    budget: u32,
) -> Result<Option<Trained>> {
    let planned = |cost: f64| ((f64::from(budget) / cost) as u32).max(1);
    let run = |steps| run::<T>((method, settings), start, samples, batch, (budget, steps));
    let steps = planned(method.cost.into());
    let Some(trained) = run(steps)? else { return Ok(None) };
    let real = planned(trained.cost);
    if f64::from(real.abs_diff(steps)) <= OFF * f64::from(steps) {
        return Ok(Some(trained));
    }
    run(real)
}

/// As [`train`], with schedules for so many steps.
fn run<T: Layer>(
    (method, settings): (&Method, Settings),
    start: &[f32],
    samples: QuantizedSamples,
    batch: usize,
    (budget, steps): (u32, u32),
) -> Result<Option<Trained>> {
    let network = Network::<T>::new(&[])?;
    let mut scratch = vec![0.0; Network::<T>::scratch(batch)];
    let mut theta = start.to_vec();
    let mut optimizer = (method.make)(settings, Length { parameters: theta.len(), steps })?;
    let mut objective =
        network.batch(SoftmaxCrossEntropy::new(), samples.range(0, batch), &mut scratch)?;
    let (mut spent, mut first) = (0.0, 0);
    while spent < budget as f32 && optimizer.steps() < 2 * steps {
        objective.set_samples(samples.range(first, batch));
        first = (first + batch) % samples.len();
        match step(optimizer.as_mut(), &mut objective, &mut theta) {
            Ok(report) => spent += report.evaluations.cost(),
            Err(_) => return Ok(None),
        }
    }
    let cost = f64::from(spent) / f64::from(optimizer.steps().max(1));
    Ok(Some(Trained { theta, cost }))
}
