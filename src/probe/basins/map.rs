//! Rolls a ball from every start.

use super::balls::Balls;
use super::{Plane, Settings, Starts};
use crate::Error;
use crate::kernels::{Kernels, LANES};
use rayon::prelude::*;
use std::vec;
use std::vec::Vec;

/// Returns where the ball from each start ends; NaN where a ball was lost because the loss or the
/// gradient was not finite, or because the step overflowed.
///
/// Whenever some starts are finished, their number is passed to `done`, from any thread. The work
/// runs on the rayon pool that the caller is in, or else on the global one. Neither the kernels nor
/// the number of threads change a bit.
///
/// Cost: for each start, `steps` gradient evaluations and at most `settling_steps` more.
///
/// # Errors
///
/// [`Error::Setting`] names the setting that is out of range; [`Error::Length`] where a row has
/// fewer than two starts.
pub fn roll<K: Kernels, P: Plane>(
    plane: &P,
    starts: &Starts,
    settings: &Settings,
    done: impl Fn(usize) + Sync,
) -> Result<Vec<[f32; 2]>, Error> {
    starts.check()?;
    let schedule = settings.schedule()?;
    let mut ends = vec![[f32::NAN; 2]; starts.count()];
    ends.par_chunks_mut(LANES).enumerate().for_each(|(block, ends)| {
        let mut places = [[0.0; LANES]; 2];
        let [across, up] = &mut places;
        for (lane, (x, y)) in across.iter_mut().zip(up).enumerate() {
            // Where a block is not full, its last start is repeated.
            let lane = lane.min(ends.len().saturating_sub(1));
            [*x, *y] = starts.place(block * LANES + lane);
        }
        let [across, up] = K::run(Balls {
            plane,
            starts: places,
            schedule: &schedule,
            loss_scale: settings.loss_scale,
            settling_rate: settings.settling_rate,
            settling_steps: settings.settling_steps,
        });
        for (end, (x, y)) in ends.iter_mut().zip(across.into_iter().zip(up)) {
            *end = [x, y];
        }
        done(ends.len());
    });
    Ok(ends)
}
