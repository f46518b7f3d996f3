//! Losses that are counted, and the best place among them.

use super::families::Problem;

/// A problem that answers so often.
pub struct Evaluations<'a, P> {
    problem: &'a mut P,
    left: u32,
    least: f32,
    best: &'a mut [f32],
}

impl<'a, P: Problem> Evaluations<'a, P> {
    /// The best place is kept in `best`, which is the start until a loss was asked for.
    pub fn new(problem: &'a mut P, losses: u32, best: &'a mut [f32]) -> Self {
        Self { problem, left: losses, least: f32::INFINITY, best }
    }

    /// The best place so far.
    pub fn best(&self) -> &[f32] {
        self.best
    }

    /// The loss of a place, infinite where it is none; nothing where no loss is left.
    pub fn loss(&mut self, place: &[f32]) -> Option<f32> {
        self.left = self.left.checked_sub(1)?;
        let loss = self.problem.loss(place).unwrap_or(f32::INFINITY);
        let loss = if loss.is_nan() { f32::INFINITY } else { loss };
        if loss < self.least {
            self.least = loss;
            self.best.copy_from_slice(place);
        }
        Some(loss)
    }
}
