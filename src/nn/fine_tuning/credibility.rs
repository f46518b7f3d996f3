//! What held-out samples say: of their labels, and of how much of a move to keep.

use super::likelihood::Opinion;

/// How far a move is tried, in parts of it; the first is the start itself.
pub(super) const PARTS: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// The part of wrong labels that the judgement of a move allows for.
const ALLOWED: f32 = 0.2;
/// What the search for the part of wrong labels begins with, its bounds, and how long it is.
const FIRST_GUESS: f32 = 0.2;
const LEAST: f32 = 0.02;
pub(super) const MOST: f32 = 0.6;
const ROUNDS: usize = 10;
/// What the least credible sample counts.
const LEAST_WEIGHT: f32 = 0.001;

/// What is known of a labelled sample: whether its label is credible, by the networks that did not
/// see it. An array of as many as there are samples is the memory of a
/// [`FineTuning`](super::FineTuning) beside theta, the optimizer's vectors and the scratch slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Credibility {
    /// The fold that the sample is held out with.
    pub(super) fold: u8,
    /// Whether no other fold has a sample with this label.
    pub(super) alone: bool,
    /// The probability of the label, at each of the [`PARTS`].
    probabilities: [f32; PARTS.len()],
    label: f32,
    /// What the sample counts in the last training; 0 until the label was judged.
    weight: f32,
}

impl Credibility {
    /// Of a sample that nothing is known of yet: zeros, so that a static takes no flash.
    pub const NEW: Self =
        Self { fold: 0, alone: false, probabilities: [0.0; PARTS.len()], label: 0.0, weight: 0.0 };

    /// How credible the label is, from 0 to 1: the probability that it is right, by what networks
    /// that did not learn from it say. It is 1 until that is known.
    #[must_use]
    pub fn label(&self) -> f32 {
        if self.is_judged() { self.label } else { 1.0 }
    }

    /// What the sample counts in a training.
    pub(super) fn weight(&self) -> f32 {
        if self.is_judged() { self.weight } else { 1.0 }
    }

    fn is_judged(&self) -> bool {
        self.weight > 0.0
    }

    /// What a checkpoint holds of it.
    pub(super) const WORDS: usize = PARTS.len() + 2;

    pub(super) fn words(&self) -> [u32; Self::WORDS] {
        let [at_0, at_1, at_2, at_3, at_4] = self.probabilities;
        [at_0, at_1, at_2, at_3, at_4, self.label, self.weight].map(f32::to_bits)
    }

    /// Takes what is known back; the sample stays in its fold.
    pub(super) fn resume(&mut self, words: [u32; Self::WORDS]) {
        let [probabilities @ .., label, weight] = words.map(f32::from_bits);
        *self = Self { probabilities, label, weight, ..*self };
    }

    /// The fold, and whether the sample is alone.
    pub(super) fn fold_word(&self) -> u32 {
        u32::from_le_bytes([self.fold, self.alone.into(), 0, 0])
    }

    /// Back to what was known before; the sample stays in its fold.
    pub(super) fn forget(&mut self) {
        *self = Self { fold: self.fold, alone: self.alone, ..Self::NEW };
    }

    /// In the last training a sample counts by its credibility.
    pub(super) fn weigh(&mut self) {
        self.weight = crate::math::sqrt(self.label) + LEAST_WEIGHT;
    }

    pub(super) fn note(&mut self, part: usize, opinion: Opinion) {
        if let Some(probability) = self.probabilities.get_mut(part) {
            *probability = opinion.probability;
        }
    }
}

impl Default for Credibility {
    fn default() -> Self {
        Self::NEW
    }
}

/// The logarithm of the likelihood of the labels at each of the [`PARTS`] of a move, where some of
/// the labels may be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Evidence([f32; PARTS.len()]);

impl Evidence {
    pub fn words(&self) -> [u32; PARTS.len()] {
        self.0.map(f32::to_bits)
    }

    pub fn of(words: [u32; PARTS.len()]) -> Self {
        Self(words.map(f32::from_bits))
    }

    /// Of a sample among so many labels, which counts so often.
    pub fn add(&mut self, part: usize, probability: f32, labels: usize, weight: f32) {
        let Self(sums) = self;
        if let Some(sum) = sums.get_mut(part) {
            let likelihood = (1.0 - ALLOWED) * probability + ALLOWED / labels as f32;
            *sum += weight * libm::logf(likelihood);
        }
    }

    /// The probability that each part is the one to keep, where before that of a part `a` was
    /// proportional to `e^-a`: what is nearer to the start is safer.
    pub fn posterior(&self) -> [f32; PARTS.len()] {
        let Self(mut sums) = *self;
        for (sum, part) in sums.iter_mut().zip(PARTS) {
            *sum -= part;
        }
        let largest = sums.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let likelihoods = sums.map(|sum| libm::expf(sum - largest));
        let all: f32 = likelihoods.iter().sum();
        likelihoods.map(|likelihood| likelihood / all)
    }

    /// How much of the move to keep, by the posterior: nothing where the start is more probable
    /// than all other parts together, or where more labels seem wrong than can be judged. Else
    /// their mean, and the less of it the more labels seem wrong: those were learned from too.
    pub fn kept(&self, wrong: f32) -> f32 {
        let posterior = self.posterior();
        let [start, ..] = posterior;
        if start > 0.5 || wrong >= MOST {
            0.0
        } else {
            expectation(&posterior, &PARTS) * (1.0 - 0.5 * wrong)
        }
    }
}

/// The mean of values that are given for the [`PARTS`].
pub(super) fn expectation(posterior: &[f32; PARTS.len()], of: &[f32; PARTS.len()]) -> f32 {
    posterior.iter().zip(of).map(|(probability, value)| probability * value).sum()
}

/// Judges all labels, and returns the evidence and the part of the labels that seem wrong.
///
/// A label that networks give the probability `q` which have not learned from it is right with the
/// probability `(1 - e) q / ((1 - e) q + e / labels)`, where `e` is the part of wrong labels: what
/// is left when all those probabilities are added up. The two are found in turns
/// (expectation-maximisation).
///
/// A sample that is `alone` with its label counts so much, and the rest of what is heard of it is
/// what the network at the start says.
pub(super) fn judge(samples: &mut [Credibility], labels: usize, alone: f32) -> (Evidence, f32) {
    let mut evidence = Evidence::default();
    for sample in samples.iter() {
        let weight = if sample.alone { alone } else { 1.0 };
        for (part, probability) in (0..sample.probabilities.len()).zip(&sample.probabilities) {
            evidence.add(part, *probability, labels, weight);
        }
    }
    let posterior = evidence.posterior();
    let mut wrong = FIRST_GUESS;
    for _ in 0..ROUNDS {
        let mut sum = 0.0;
        for sample in samples.iter_mut() {
            let [start, ..] = sample.probabilities;
            let learned = expectation(&posterior, &sample.probabilities);
            let heard = if sample.alone { start + alone * (learned - start) } else { learned };
            let right = (1.0 - wrong) * heard;
            sample.label = right / (right + wrong / labels as f32);
            sum += sample.label;
        }
        let doubted = 1.0 - sum / samples.len() as f32;
        // Not `clamp`, which panics where its bounds are the wrong way round.
        wrong = if doubted > MOST { MOST } else { doubted.max(LEAST) };
    }
    samples.iter_mut().for_each(Credibility::weigh);
    (evidence, wrong)
}

#[cfg(test)]
mod tests;
