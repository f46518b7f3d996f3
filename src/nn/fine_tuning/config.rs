//! The settings of a fine-tuning, which nobody needs to change.

/// Settings of a [`FineTuning`](super::FineTuning). The default is what docs/untuned.md measures;
/// nobody needs to tune it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FineTuningConfig {
    /// Steps of each of the five trainings without a fold.
    pub fold_steps: u32,
    /// Steps of the last training.
    pub steps: u32,
    /// How strongly theta is pulled to the start: the gradient has `pull / samples` times the
    /// distance more.
    pub pull: f32,
    /// How many samples a step sees; all of them where there is no number.
    pub mini_batch: Option<usize>,
    /// Chooses the folds.
    pub seed: u32,
}

impl Default for FineTuningConfig {
    fn default() -> Self {
        Self { fold_steps: 15, steps: 40, pull: 1.0, mini_batch: None, seed: 1 }
    }
}
