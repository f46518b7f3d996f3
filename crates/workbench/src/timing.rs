//! Medians, by the same rule as in benches/peers.

use crate::statistics::median;
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

#[cfg(test)]
mod tests {
    use super::*;

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
