//! Chooses how many steps a submission has, so that it is done soon.

use core::time::Duration;

/// How many steps a submission has at most.
pub(super) const MOST_STEPS: usize = 256;

/// How long a submission should take: far less than the seconds after which drivers think that a
/// GPU is stuck, and far more than the submitting itself.
const AIM: Duration = Duration::from_millis(50);

/// The number of steps of the next submission, chosen by how long those before took.
pub(super) struct Pace(usize);

impl Pace {
    pub fn new() -> Self {
        Self(1)
    }

    pub fn steps(&self) -> usize {
        self.0
    }

    /// Learns that so many steps took so long. The next submission has at most twice as many, since
    /// later steps may take longer than these.
    pub fn keep(&mut self, steps: usize, took: Duration) {
        let fitting = AIM.as_secs_f64() / took.as_secs_f64().max(1e-9) * steps as f64;
        self.0 = (fitting as usize).clamp(1, (2 * steps).min(MOST_STEPS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_take_no_time_double_up_to_a_limit() {
        let mut pace = Pace::new();
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 256] {
            assert_eq!(pace.steps(), expected);
            pace.keep(expected, Duration::ZERO);
        }
    }

    #[test]
    fn steps_that_take_long_become_fewer_and_are_never_none() {
        let mut pace = Pace(100);
        pace.keep(100, 2 * AIM);
        assert_eq!(pace.steps(), 50);
        pace.keep(50, 1000 * AIM);
        assert_eq!(pace.steps(), 1);
    }
}
