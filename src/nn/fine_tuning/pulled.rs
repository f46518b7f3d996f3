//! An objective with a pull to where the training began.

use crate::chunks::Chunked;
use crate::kernels::{Kernels, NOTHING, PANEL};
use crate::{Error, PollObjective};
use core::marker::PhantomData;
use core::task::Poll;

/// The loss plus `pull / 2` times the squared distance from the start.
pub(super) struct Pulled<'s, J, K> {
    objective: J,
    start: &'s [f32],
    pull: f32,
    kernels: PhantomData<K>,
}

impl<'s, J, K: Kernels> Pulled<'s, J, K> {
    pub fn new(objective: J, start: &'s [f32], pull: f32) -> Self {
        Self { objective, start, pull, kernels: PhantomData }
    }

    pub fn into_inner(self) -> J {
        self.objective
    }

    fn energy(&self, theta: &[f32]) -> f32 {
        let mut squares = NOTHING;
        let panels = theta.chunks_up_to(PANEL).zip(self.start.chunks_up_to(PANEL));
        for (theta, start) in panels {
            for (theta, start) in theta.iter().zip(start) {
                let away = theta - start;
                squares += away * away;
            }
            K::pause();
        }
        0.5 * self.pull * squares
    }
}

impl<J: PollObjective, K: Kernels> PollObjective for Pulled<'_, J, K> {
    fn restart(&mut self) {
        self.objective.restart();
    }

    fn poll_loss(&mut self, theta: &[f32]) -> Result<Poll<f32>, Error> {
        let polled = self.objective.poll_loss(theta)?;
        Ok(polled.map(|loss| loss + self.energy(theta)))
    }

    fn poll_gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<Poll<f32>, Error> {
        let polled = self.objective.poll_gradient(theta, gradient)?;
        Ok(polled.map(|loss| {
            K::add_scaled(gradient, self.pull, theta);
            K::add_scaled(gradient, -self.pull, self.start);
            loss + self.energy(theta)
        }))
    }
}
