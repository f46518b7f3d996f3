//! Pre-training on the desktop, with the same networks and kernels that the device has.

use crate::data::{Dataset, shuffled};
use crate::optimizers::optimizer;
use anyhow::Result;
use indicatif::ProgressBar;
use oorandom::Rand32;
use rolling_ball::nn::{Layer, Network, Samples, SoftmaxCrossEntropy};
use rolling_ball::{AdamConfig, Schedule, WeightDecay, step};

/// How to pre-train.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Passes over the data.
    pub epochs: u32,
    /// Samples a step.
    pub batch: usize,
    /// Adam's learning rate, shrinking on half a cosine.
    pub learning_rate: f32,
    /// Penalty on the squared norm of the weights.
    pub weight_decay: f32,
}

/// How the network of the digits scenario is pre-trained.
pub const DIGITS_RECIPE: Recipe =
    Recipe { epochs: 40, batch: 32, learning_rate: 0.003, weight_decay: 1e-4 };
/// How the network of the speakers scenario is pre-trained.
pub const SPEAKERS_RECIPE: Recipe =
    Recipe { epochs: 30, batch: 32, learning_rate: 0.003, weight_decay: 1e-4 };

/// Trains the tail `T` from scratch and returns its parameters.
pub fn pretrain<T: Layer>(data: &Dataset, recipe: &Recipe, bar: &ProgressBar) -> Result<Vec<f32>> {
    let mut random = Rand32::new(1);
    let mut theta = vec![0.0; T::PARAMETERS];
    T::initialise(&mut theta, &mut || 2.0 * random.rand_float() - 1.0)?;
    let batches = data.labels.len() / recipe.batch;
    let steps = recipe.epochs * batches as u32;
    let config = AdamConfig {
        learning_rate: Schedule::Cosine { from: recipe.learning_rate, to: 0.0, steps },
        roll_back: false,
        ..AdamConfig::default()
    };
    let mut adam = WeightDecay::new(optimizer(theta.len(), config)?, recipe.weight_decay)?;
    let network = Network::<T>::new(&[])?;
    let mut scratch = vec![0.0; Network::<T>::SCRATCH];
    bar.set_length(u64::from(recipe.epochs));
    for epoch in 0..recipe.epochs {
        let shuffled = data.select(&shuffled(data.labels.len(), u64::from(epoch)));
        let samples = shuffled.samples();
        let stream = |batch: usize| samples.range(batch * recipe.batch, recipe.batch);
        let mut objective = network.batch(SoftmaxCrossEntropy::new(), stream(0), &mut scratch)?;
        for batch in 0..batches {
            objective.set_samples(stream(batch));
            step(&mut adam, &mut objective, &mut theta)?;
        }
        bar.inc(1);
    }
    Ok(theta)
}
