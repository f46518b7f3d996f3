//! Medians, by the same rule as in benches/peers.

use anyhow::Result;
use std::time::{Duration, Instant};

/// Calls that do not count.
const WARM_UP: usize = 3;

/// The median time of a call, of as many as fit the time, one at least.
pub fn median_seconds(time: Duration, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let begun = Instant::now();
    for _ in 0..WARM_UP {
        work()?;
        if begun.elapsed() > time {
            break;
        }
    }
    let mut times = Vec::new();
    let begun = Instant::now();
    while times.is_empty() || begun.elapsed() < time {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed().as_secs_f64());
    }
    Ok(median(times))
}

/// The median, the upper one of two; NaN where there are no values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_ignores_one_disturbed_round() {
        assert_eq!(median(vec![2.0, 900.0, 1.0, 3.0, 2.5]), 2.5);
    }

    #[test]
    fn work_longer_than_the_time_is_measured_once_after_one_call_that_does_not_count() -> Result<()>
    {
        let mut calls = 0;
        median_seconds(Duration::ZERO, || {
            calls += 1;
            Ok(())
        })?;
        assert_eq!(calls, 2);
        Ok(())
    }
}
