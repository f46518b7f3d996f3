//! A checkpoint without an optimizer.

use crate::Error;
use crate::optimizer::{Kind, Resumable, STATE_VECTORS, STATE_WORDS, State};

/// Carries nothing from step to step, as it makes none.
pub(super) struct ThetaAlone {
    pub parameters: usize,
}

impl Resumable for ThetaAlone {
    const KIND: Kind = Kind::THETA_ALONE;
    const VECTORS: usize = 0;

    fn parameters(&self) -> usize {
        self.parameters
    }

    fn settings(&self, _tell: &mut impl FnMut(&'static str, &[u32])) {}

    fn state(&self) -> Result<State<'_>, Error> {
        Ok(State { words: [0; STATE_WORDS], vectors: [&[]; STATE_VECTORS] })
    }

    fn resume(&mut self, _words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error> {
        Ok([&mut [], &mut [], &mut [], &mut []])
    }
}
