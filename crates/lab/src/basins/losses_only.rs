//! Where the ball ends that needs losses only.

use super::landscape::{losses, settled};
use anyhow::Result;
use rayon::prelude::*;
use rolling_ball::kernels::LANES;
use rolling_ball::probe::basins::{NearWells, Settings, Starts};
use rolling_ball::{Error, Optimizer, Request, ZerothOrderBall, ZerothOrderBallConfig};

/// Its steps at the cost of so many gradients: it asks for two losses each, a third of a gradient
/// each.
fn steps(gradients: u32) -> u32 {
    gradients + gradients / 2
}

/// Where the ball from each start ends, and from there gradient descent. Calls `done` with the
/// number of balls whenever some are done.
pub fn ends(
    wells: &NearWells,
    starts: &Starts,
    settings: &Settings,
    radius: f32,
    gradients: u32,
    done: impl Fn(usize) + Sync,
) -> Result<Vec<[f32; 2]>> {
    let places: Vec<[f32; 2]> = (0..starts.count()).map(|start| starts.place(start)).collect();
    let steps = steps(gradients);
    let config = ZerothOrderBallConfig::shrinking(radius, 2, steps);
    let blocks = places.par_chunks(LANES).map(|block| {
        let ends = rolled(wells, config, steps, block)?;
        done(block.len());
        Ok(ends)
    });
    let ends = blocks.collect::<Result<Vec<_>, Error>>()?.concat();
    Ok(settled(wells, ends, settings))
}

/// Rolls a ball from each of some places, all of them in step, so that their losses are evaluated
/// at once.
fn rolled(
    wells: &NearWells,
    config: ZerothOrderBallConfig,
    steps: u32,
    starts: &[[f32; 2]],
) -> Result<Vec<[f32; 2]>, Error> {
    let mut thetas = starts.to_vec();
    let ball = ZerothOrderBall::new(config)?;
    let mut balls = vec![ball; thetas.len()];
    for _ in 0..steps {
        let mut request = Request::Loss;
        for (ball, theta) in balls.iter_mut().zip(&mut thetas) {
            request = ball.begin(theta)?;
        }
        while request == Request::Loss {
            let found = losses(wells, &thetas);
            for ((ball, theta), loss) in balls.iter_mut().zip(&mut thetas).zip(found) {
                request = ball.tell_loss(theta, loss)?;
            }
        }
    }
    Ok(thetas)
}
