//! What the ball carries from step to step.

use super::centre::CentreStep;
use super::{Footpoint, RollingBall};
use crate::Error;
use crate::kernels::{Kernels, VectorOps};
use crate::optimizer::{Kind, Rebind, Resumable, STATE_VECTORS, STATE_WORDS, State};

/// Bits of the second word.
const RESTING: u32 = 1;
const RATE_ACCEPTED: u32 = 2;
/// Where in it what is known of refused steps begins.
const REFUSALS: u32 = 8;

impl<V, F, C, K> Resumable for RollingBall<V, F, C, K>
where
    V: AsRef<[f32]> + AsMut<[f32]>,
    F: Footpoint,
    C: CentreStep,
    K: Kernels,
{
    const KIND: Kind = Kind::ROLLING_BALL;
    const VECTORS: usize = 1;

    fn parameters(&self) -> usize {
        self.gradient.as_ref().len()
    }

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.config.radius.tell("radius", self.radius_set_at, tell);
        self.config.learning_rate.tell("learning rate", self.rate_set_at, tell);
        tell("loss scale", &[self.config.loss_scale.to_bits()]);
        tell("footpoint", &self.config.footpoint.encode());
        tell("centre step", &self.config.centre_step.encode());
        tell("roll back", &[self.config.roll_back.into()]);
    }

    /// The vector is the offset of the contact forms. The nearest-point forms start every step from
    /// theta alone: theirs, theta~, only serves [`centre`](crate::Optimizer::centre).
    fn state(&self) -> Result<State<'_>, Error> {
        self.state.check_idle()?;
        let accepted = self.config.centre_step.accepted(&self.centre_step);
        let resting = if self.body.resting { RESTING } else { 0 };
        let rate_accepted = if accepted.is_some() { RATE_ACCEPTED } else { 0 };
        Ok(State {
            words: [
                self.body.record.steps(),
                resting | rate_accepted | self.body.record.refusals() << REFUSALS,
                accepted.unwrap_or(0.0).to_bits(),
                self.config.footpoint.centre_scale(&self.footpoint).to_bits(),
            ],
            vectors: [self.kept.as_ref(), &[], &[], &[]],
        })
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error> {
        self.state.check_idle()?;
        let [steps, flags, rate, centre_scale] = words;
        self.body.record.resume(steps, flags >> REFUSALS);
        self.body.resting = flags & RESTING != 0;
        let accepted = flags & RATE_ACCEPTED != 0;
        let accepted = accepted.then_some(f32::from_bits(rate));
        self.centre_step = self.config.centre_step.resumed(accepted);
        self.footpoint = self.config.footpoint.resumed(f32::from_bits(centre_scale));
        Ok([self.kept.as_mut(), &mut [], &mut [], &mut []])
    }
}

impl<V, F: Footpoint, C: CentreStep, K: VectorOps> Rebind<V> for RollingBall<V, F, C, K> {
    fn rebind(&mut self, replace: &mut impl FnMut(&mut V)) {
        replace(&mut self.gradient);
        replace(&mut self.kept);
    }
}
