//! Training the paper's network of MNIST, epoch by epoch.

use anyhow::Result;
use oorandom::Rand32;
use rolling_ball::nn::{Dense, Layer, Network, Relu, Samples, SoftmaxCrossEntropy};
use rolling_ball::{Optimizer, step};
use rolling_ball_rehearsal::accuracy;
use std::time::Instant;
use workbench::data::mnist::{Mnist, WIDTH};
use workbench::data::shuffled;

type Layers = (Dense<WIDTH, 128>, Relu<128>, Dense<128, 10>);
type Net = Network<'static, Layers>;

/// How many parameters the network has.
pub const PARAMETERS: usize = Net::PARAMETERS;

/// A training's end, and what it has cost so far.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    /// The part of the test images that is classified right, from 0 to 1.
    pub accuracy: f64,
    /// In gradient evaluations of a batch.
    pub cost: f64,
    /// The time that training took, without the tests.
    pub seconds: f64,
}

/// Trains from new weights; fewer epochs than asked for where it diverged. `tell` hears of each
/// epoch.
pub fn train(
    data: &Mnist,
    optimizer: &mut dyn Optimizer,
    [epochs, batch]: [u32; 2],
    seed: u64,
    mut tell: impl FnMut(),
) -> Result<Vec<Epoch>> {
    let batch = batch as usize;
    let mut random = Rand32::new(seed);
    let mut theta = vec![0.0; PARAMETERS];
    Layers::initialise(&mut theta, &mut || 2.0 * random.rand_float() - 1.0)?;
    let network = Net::new(&[])?;
    let mut scratch = vec![0.0; Net::scratch(batch)];
    let (mut cost, mut seconds, mut done) = (0.0, 0.0, Vec::new());
    for epoch in 0..epochs {
        let order = shuffled(data.train.labels.len(), seed << 32 | u64::from(epoch));
        let shuffled = data.train.select(&order);
        let samples = shuffled.samples();
        let start = Instant::now();
        let stream = |index: usize| samples.range(index * batch, batch);
        let mut objective = network.batch(SoftmaxCrossEntropy::new(), stream(0), &mut scratch)?;
        for index in 0..samples.len() / batch {
            objective.set_samples(stream(index));
            match step(optimizer, &mut objective, &mut theta) {
                Ok(report) => cost += f64::from(report.evaluations.cost()),
                Err(_) => return Ok(done),
            }
        }
        seconds += start.elapsed().as_secs_f64();
        let tested = accuracy(&network, &theta, data.test.samples(), &mut scratch)?;
        let accuracy = f64::from(tested.correct) / f64::from(tested.samples.max(1));
        done.push(Epoch { accuracy, cost, seconds });
        tell();
    }
    Ok(done)
}
