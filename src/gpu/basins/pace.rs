//! How many steps a submission has, so that it is done soon.

use core::time::Duration;

/// Steps of a submission at most.
pub(super) const MOST_STEPS: usize = 256;

/// How long a submission should take: far less than the seconds after which drivers take a GPU for
/// stuck, far more than to submit.
const AIM: Duration = Duration::from_millis(50);

/// Steps of the next submission, by how long those before took.
pub(super) struct Pace(usize);

impl Pace {
    pub fn new() -> Self {
        Self(1)
    }

    pub fn steps(&self) -> usize {
        self.0
    }

    /// So many steps took so long. No more than twice as many are next, since later ones may take
    /// longer than those.
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
