//! One training, and the network that comes of it.

use super::methods::{Deployed, Length, Method, Settings};
use super::tasks::{Draw, Task};
use anyhow::Result;
use rolling_ball::nn::{Layer, Network, Samples, SoftmaxCrossEntropy};
use rolling_ball::{Objective, Optimizer, step};
use workbench::data::shuffled;

/// When a training ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Until {
    /// The task's budget is spent, by a method whose step costs so much, about.
    Spent { cost: f32 },
    /// The loss on all training samples is the task's or lower; or nothing comes of it.
    Low,
}

/// What came of a training.
pub struct Trained {
    /// The parameters that are deployed; none where the loss was never low.
    pub theta: Option<Vec<f32>>,
    /// Gradient evaluations of a step, the mean; 0 where that was not asked for.
    pub cost: f32,
}

/// Trains. A step that is refused ends the training.
pub fn train<T: Layer>(
    method: &Method,
    settings: Settings,
    until: Until,
    task: &Task,
    draw: &Draw,
) -> Result<Trained> {
    let network = Network::<T>::new(&[])?;
    let Task { batch, budget, loss: low, .. } = *task;
    let (most_cost, steps) = match until {
        Until::Spent { cost } => (budget as f32, ((budget as f32 / cost).round() as u32).max(1)),
        // As many for a method whose steps are expensive.
        Until::Low => (f32::INFINITY, 2 * budget),
    };
    let mut theta = draw.start.clone();
    let mut optimizer = method.make(settings, Length { parameters: theta.len(), steps })?;
    let [mut scratch, mut scratch_of_all] =
        [(); 2].map(|()| vec![0.0; Network::<T>::scratch(batch)]);
    let mut all = network.batch(
        SoftmaxCrossEntropy::new(),
        draw.train.samples().all(),
        &mut scratch_of_all,
    )?;
    // Past its end, a schedule stays at nothing.
    let most_steps = if until == Until::Low { steps } else { 2 * steps };
    let (mut spent, mut epoch, mut before) = (0.0, 0, theta.clone());
    'training: loop {
        let order = shuffled(draw.train.labels.len(), draw.seed << 32 | epoch);
        let epochs_samples = draw.train.select(&order);
        let samples = epochs_samples.samples();
        let stream = |index: usize| samples.range(index * batch, batch);
        let mut objective = network.batch(SoftmaxCrossEntropy::new(), stream(0), &mut scratch)?;
        for index in 0..samples.len() / batch {
            if spent >= most_cost || optimizer.steps() >= most_steps {
                break 'training;
            }
            objective.set_samples(stream(index));
            let Ok(report) = step(optimizer.as_mut(), &mut objective, &mut theta) else {
                break 'training;
            };
            spent += report.evaluations.cost();
            if until == Until::Low {
                let deployed = deployed(method, optimizer.as_mut(), &theta)?;
                if all.loss(deployed)? <= low {
                    let theta = where_low(&mut all, &before, deployed, low)?;
                    return Ok(Trained { theta: Some(theta), cost: 0.0 });
                }
                before.copy_from_slice(deployed);
            }
        }
        epoch += 1;
    }
    let cost = spent / optimizer.steps().max(1) as f32;
    let theta = deployed(method, optimizer.as_mut(), &theta)?;
    Ok(Trained { theta: (until != Until::Low).then(|| theta.to_vec()), cost })
}

fn deployed<'a>(
    method: &Method,
    optimizer: &'a mut dyn Optimizer,
    theta: &'a [f32],
) -> Result<&'a [f32]> {
    Ok(match method.deployed {
        Deployed::Contact => theta,
        Deployed::Centre => optimizer.centre(theta)?,
    })
}

/// Between a point whose loss is higher than this and one whose loss is not, where it is about as
/// high: steps at large rates go far below.
fn where_low(
    loss: &mut impl Objective,
    above: &[f32],
    below: &[f32],
    low: f32,
) -> Result<Vec<f32>> {
    let between = |part: f32| -> Vec<f32> {
        above.iter().zip(below).map(|(above, below)| above + part * (below - above)).collect()
    };
    let (mut high_part, mut low_part) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = (high_part + low_part) / 2.0;
        if loss.loss(&between(middle))? <= low {
            low_part = middle;
        } else {
            high_part = middle;
        }
    }
    Ok(between(low_part))
}

const HALVINGS: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use rolling_ball::landscapes::Quadratic;

    #[test]
    fn between_a_high_point_and_a_low_one_the_loss_is_what_was_asked_for() -> Result<()> {
        let mut bowl = Quadratic { condition: 1.0 };
        let theta = where_low(&mut bowl, &[2.0], &[0.1], 0.5)?;
        // On either side of 1 there is a 256th of the way.
        assert!(theta[0] <= 1.0 && theta[0] > 1.0 - 2.0 * 1.9 / 256.0, "{theta:?}");
        Ok(())
    }
}
