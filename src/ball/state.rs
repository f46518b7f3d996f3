//! What the ball carries from step to step.

use super::{Phase, RollingBall};
use crate::optimizer::RateSearch;
use crate::optimizer::StepRecord;
use crate::optimizer::{Kind, Resumable, STATE_WORDS, State};
use crate::{Error, kernels::Kernels};

/// Bits of the second word.
const RESTING: u32 = 1;
const RATE_ACCEPTED: u32 = 2;

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> Resumable for RollingBall<V, K> {
    const KIND: Kind = Kind::ROLLING_BALL;
    const VECTORS: usize = 1;

    fn parameters(&self) -> usize {
        self.gradient.as_ref().len()
    }

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        tell("radius", &self.config.radius.words());
        tell("learning rate", &self.config.learning_rate.words());
        tell("loss scale", &[self.config.loss_scale.to_bits()]);
        tell("footpoint", &self.config.footpoint.words());
        tell("centre step", &self.config.centre_step.words());
        tell("roll back", &[self.config.roll_back.into()]);
    }

    /// The vector is the offset of the contact forms. The nearest-point forms start every step from theta alone: theirs,
    /// theta~, only serves [`centre`](RollingBall::centre).
    fn state(&self) -> Result<State<'_>, Error> {
        if self.phase != Phase::Idle {
            return Err(Error::STEP_IN_PROGRESS);
        }
        let accepted = self.rate_search.accepted();
        let resting = if self.resting { RESTING } else { 0 };
        let rate_accepted = if accepted.is_some() { RATE_ACCEPTED } else { 0 };
        Ok(State {
            words: [
                self.record.steps(),
                resting | rate_accepted,
                accepted.unwrap_or(0.0).to_bits(),
                self.centre_scale.to_bits(),
            ],
            vectors: [self.displaced.as_ref(), &[]],
        })
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; 2], Error> {
        if self.phase != Phase::Idle {
            return Err(Error::STEP_IN_PROGRESS);
        }
        let [steps, flags, rate, centre_scale] = words;
        self.record = StepRecord::resumed(steps);
        self.resting = flags & RESTING != 0;
        let accepted = flags & RATE_ACCEPTED != 0;
        self.rate_search = RateSearch::resumed(accepted.then_some(f32::from_bits(rate)));
        self.centre_scale = f32::from_bits(centre_scale);
        Ok([self.displaced.as_mut(), &mut []])
    }
}
