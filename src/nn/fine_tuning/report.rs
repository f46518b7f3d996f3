//! What a fine-tuning came to.

use super::credibility::{MOST, PARTS};
use crate::Evaluations;
use core::fmt;

/// How a [`FineTuning`](super::FineTuning) ended. Arrays are for the parts of the move that were
/// tried: 0 (the start), 1/4, 1/2, 3/4 and all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FineTuningReport {
    /// How much of the move was kept, from 0 to 1. At 0 it was refused: theta is the start, to the
    /// bit.
    pub kept: f32,
    /// The probability that each part is the one to keep, by held-out samples, and by those of the
    /// old task where there are any.
    pub posterior: [f32; PARTS.len()],
    /// The part of the labels that seem to be wrong.
    pub wrong_labels: f32,
    /// How many samples there were.
    pub samples: u32,
    /// How many of them are answered with their label by a network that has not learned from them.
    pub agreeing: [u32; PARTS.len()],
    /// How many samples of the old task there were.
    pub old_samples: u32,
    /// How many of them are answered with their label.
    pub old_agreeing: [u32; PARTS.len()],
    /// What the optimizer asked for.
    pub evaluations: Evaluations,
    /// How often a sample was judged: a forward pass each.
    pub judgements: u32,
}

impl FineTuningReport {
    /// Whether nothing was kept.
    #[must_use]
    pub fn refused(&self) -> bool {
        self.kept == 0.0
    }

    /// Why nothing was kept; `None` where something was.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        if !self.refused() {
            None
        } else if self.wrong_labels >= MOST {
            Some(Refusal::WrongLabels)
        } else if self.evaluations.gradients == 0 {
            Some(Refusal::NoStep)
        } else {
            Some(Refusal::StartIsBetter)
        }
    }
}

/// Why a [`FineTuning`](super::FineTuning) kept nothing.
///
/// ```
/// use rolling_ball::nn::Refusal;
///
/// assert_eq!(Refusal::WrongLabels.to_string(), "more labels seem wrong than can be judged");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Refusal {
    /// By the samples that were held out, the start is more probably the best than all parts of the
    /// move together.
    StartIsBetter,
    /// At least 60 % of the labels seem wrong, more than can be judged.
    WrongLabels,
    /// Not one step could be made.
    NoStep,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StartIsBetter => "held-out samples speak for the start",
            Self::WrongLabels => "more labels seem wrong than can be judged",
            Self::NoStep => "no step could be made",
        })
    }
}
