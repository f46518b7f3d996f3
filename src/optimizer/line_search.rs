//! Backtracking until the loss has decreased enough (Armijo's rule).

use crate::Error;

/// Chooses the learning rate by trial: the first trial is `growth` times the rate that the last
/// step accepted (at the first step, the configured rate); each rejected trial multiplies it by
/// `shrink`. A trial is accepted when the loss falls by at least `decrease * rate * |g|^2`, and
/// rejected when it is not finite.
///
/// Cost: 1/3 of a gradient evaluation a trial. Needs almost no tuning on a full batch with clean
/// labels; with mini-batches it judges a step by a few samples and over-fits them.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Armijo {
    /// The part of the predicted decrease that is demanded; 0 up to below 1.
    pub decrease: f32,
    /// The factor after a rejected trial; above 0 and below 1.
    pub shrink: f32,
    /// The factor from the last step's rate to the first trial; at least 1.
    pub growth: f32,
    /// Trials before the step is given up as stalled; at least 1.
    pub trials: u32,
}

impl Default for Armijo {
    fn default() -> Self {
        Self { decrease: 1e-4, shrink: 0.3, growth: 2.0, trials: 12 }
    }
}

impl Armijo {
    pub(crate) fn check(&self) -> Result<(), Error> {
        Error::check_fraction("Armijo decrease", self.decrease)?;
        Error::check_positive("Armijo shrink", self.shrink)?;
        Error::check_fraction("Armijo shrink", self.shrink)?;
        if !(self.growth.is_finite() && self.growth >= 1.0) {
            return Err(Error::Setting {
                name: "Armijo growth",
                value: self.growth,
                expected: "a finite number, 1 or above",
            });
        }
        if self.trials == 0 {
            return Err(Error::Setting {
                name: "Armijo trials",
                value: 0.0,
                expected: "at least 1",
            });
        }
        Ok(())
    }

    /// The settings as words, for a checkpoint.
    pub(crate) fn encode(&self) -> [u32; 4] {
        [self.decrease.to_bits(), self.shrink.to_bits(), self.growth.to_bits(), self.trials]
    }
}

/// What to do after a trial, at a rate along the negative gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// The trial at this rate stands.
    Accepted(f32),
    /// The trial at the first rate is rejected; try the second.
    Retry { rejected: f32, rate: f32 },
    /// The trial at this rate is rejected, and none is left: go back to where the search started.
    Stalled { rejected: f32 },
}

/// A search for the learning rate along `-gradient`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RateSearch {
    /// The rate on trial; after the step, the rate that was accepted.
    pub rate: f32,
    trials: u32,
    loss: f32,
    gradient_squared: f32,
    /// Whether `rate` was accepted by an earlier step.
    started: bool,
}

impl RateSearch {
    /// Starts at a point; the first trial is at `self.rate`.
    pub fn start(&mut self, armijo: &Armijo, rate: f32, loss: f32, gradient_squared: f32) {
        if !self.started {
            self.rate = rate;
        } else if gradient_squared > 0.0 && (self.rate * armijo.growth).is_finite() {
            // Without a slope every rate is accepted, which says nothing of the next.
            self.rate *= armijo.growth;
        }
        *self = Self { rate: self.rate, trials: 0, loss, gradient_squared, started: true };
    }

    /// The rate that the last step accepted, where the next search starts.
    pub fn accepted(&self) -> Option<f32> {
        self.started.then_some(self.rate)
    }

    /// A search as it is after a step that accepted this rate.
    pub fn resumed(accepted: Option<f32>) -> Self {
        Self { rate: accepted.unwrap_or(0.0), started: accepted.is_some(), ..Self::default() }
    }

    /// Forgets what the steps so far accepted.
    pub fn restart(&mut self) {
        self.started = false;
    }

    /// Judges the loss at the trial.
    pub fn judge(&mut self, armijo: &Armijo, loss: f32) -> Verdict {
        self.trials = self.trials.saturating_add(1);
        let enough = self.loss - armijo.decrease * self.rate * self.gradient_squared;
        if loss.is_finite() && loss <= enough {
            return Verdict::Accepted(self.rate);
        }
        let rejected = self.rate;
        self.rate *= armijo.shrink;
        if self.trials >= armijo.trials {
            self.restart();
            Verdict::Stalled { rejected }
        } else {
            Verdict::Retry { rejected, rate: self.rate }
        }
    }
}
