//! Samples that count by how credible their labels are, without those that are held out.

use super::super::loss::Loss;
use super::super::sample::Sample;
use super::super::samples::Samples;
use super::credibility::Credibility;
use crate::Error;

/// Where an iteration is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turn {
    /// The number of the sample that is looked at next.
    pub next: usize,
    /// How many are looked at still.
    pub looks: usize,
    /// How many of them are given at most.
    pub most: usize,
}

/// The samples that are not in the fold, each with its weight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighted<'r, S> {
    pub samples: S,
    pub records: &'r [Credibility],
    pub held_out: Option<u8>,
    pub turn: Turn,
}

impl<S: Samples> Iterator for Weighted<'_, S> {
    type Item = Sample<S::Input, (S::Target, f32)>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self { samples, records, held_out, turn } = self;
        turn.most = turn.most.checked_sub(1)?;
        loop {
            turn.looks = turn.looks.checked_sub(1)?;
            let index = turn.next;
            turn.next = index.saturating_add(1);
            if turn.next >= records.len() {
                turn.next = 0;
            }
            let record = records.get(index)?;
            if Some(record.fold) != *held_out {
                let Sample { input, target } = samples.get(index)?;
                return Some(Sample { input, target: (target, record.weight()) });
            }
        }
    }
}

/// The loss of samples that have weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct WeightedLoss<'e, E>(pub &'e E);

impl<Y, E: Loss<Y>> Loss<(Y, f32)> for WeightedLoss<'_, E> {
    fn weight(&self, (target, weight): &(Y, f32)) -> Result<f32, Error> {
        Ok(self.0.weight(target)? * weight)
    }

    fn evaluate(
        &self,
        output: &mut [f32],
        (target, _): &(Y, f32),
        scale: f32,
    ) -> Result<f32, Error> {
        self.0.evaluate(output, target, scale)
    }
}
