//! What comes next, and what is behind.

use super::config::FineTuningConfig;
use super::folds::FOLDS;

/// What comes next. A run is the training without a fold, or the last one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stage {
    /// A run begins at the start.
    Begin { run: Option<u8> },
    /// The run's steps; the next mini-batch begins at a sample.
    Training { run: Option<u8>, step: u32, first: usize },
    /// The samples judge a part of the move, at which theta is.
    Judging { run: Option<u8>, part: usize, sample: usize },
    /// All folds are judged.
    Weighing,
    /// A part of the last move is kept; theta is at one.
    Keeping { at: f32 },
}

/// The words of a stage.
pub(super) const STAGE_WORDS: usize = 4;

impl Stage {
    pub const FIRST: Self = Self::Begin { run: Some(0) };

    /// How many steps are done.
    pub fn steps(self, config: &FineTuningConfig) -> u32 {
        let before = |folds: u32| folds.saturating_mul(config.fold_steps);
        let all_before = before(FOLDS as u32);
        match self {
            Self::Begin { run: Some(fold) } => before(fold.into()),
            Self::Begin { run: None } | Self::Weighing => all_before,
            Self::Training { run: Some(fold), step, .. } => {
                before(fold.into()).saturating_add(step)
            }
            Self::Training { run: None, step, .. } => all_before.saturating_add(step),
            Self::Judging { run: Some(fold), .. } => before(u32::from(fold).saturating_add(1)),
            Self::Judging { run: None, .. } | Self::Keeping { .. } => {
                all_before.saturating_add(config.steps)
            }
        }
    }

    /// The words in which a checkpoint holds the stage.
    pub fn words(self) -> [u32; STAGE_WORDS] {
        let number = |run: Option<u8>| run.map_or(u32::MAX, u32::from);
        match self {
            Self::Begin { run } => [0, number(run), 0, 0],
            Self::Training { run, step, first } => [1, number(run), step, saturate(first)],
            Self::Judging { run, part, sample } => {
                [2, number(run), saturate(part), saturate(sample)]
            }
            Self::Weighing => [3, 0, 0, 0],
            Self::Keeping { at } => [4, 0, 0, at.to_bits()],
        }
    }

    /// What these words stand for; the first stage where it is none.
    pub fn of([stage, run, one, other]: [u32; STAGE_WORDS]) -> Self {
        // What does not fit is the last training, which has no fold.
        let run = u8::try_from(run).ok();
        match stage {
            1 => Self::Training { run, step: one, first: other as usize },
            2 => Self::Judging { run, part: one as usize, sample: other as usize },
            3 => Self::Weighing,
            4 => Self::Keeping { at: f32::from_bits(other) },
            _ => Self::Begin { run },
        }
    }
}

/// There are no more samples than a checkpoint has words.
fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
