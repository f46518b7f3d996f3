//! Time of a step by the number of parameters, from a million on.

use super::bandwidth::seconds;
use anyhow::Result;
use rolling_ball::step;
use workbench::progress;
use workbench::statistics::median;
use workbench::table::grouped;
use workbench::table::markdown;
use workload::steps::{BALL, NEAREST, Quadratic, SGD, optimizers, start};

const LENGTHS: [usize; 5] = [1 << 20, 1 << 21, 1 << 22, 1 << 23, 1 << 24];
const NAMES: [&str; 3] = [SGD, BALL, NEAREST];
const ROUNDS: usize = 15;

/// Nanoseconds of a step and parameter: rows are optimizers, columns lengths; the last is the
/// largest of a row in units of its smallest.
pub fn table() -> Result<String> {
    let bar = progress::bar("a step by its parameters", "lengths");
    bar.set_length(LENGTHS.len() as u64);
    let mut rows: Vec<_> = NAMES.map(|name| (name, Vec::new())).into();
    for length in LENGTHS {
        bar.tick();
        let mut named = optimizers(length)?;
        let mut theta = start(length);
        let mut timings = NAMES.map(|_| Vec::new());
        // The first step finds the optimizer's memory not yet there.
        for round in 0..=ROUNDS {
            for (name, timings) in NAMES.iter().zip(&mut timings) {
                for (_, optimizer) in named.iter_mut().filter(|(other, _)| other == name) {
                    let mut outcome = Ok(());
                    let seconds = seconds(|| {
                        outcome = step(&mut **optimizer, &mut Quadratic, &mut theta).map(drop);
                    });
                    outcome?;
                    if round > 0 {
                        timings.push(1e9 * seconds / length as f64);
                    }
                }
            }
        }
        for ((_, row), timings) in rows.iter_mut().zip(timings) {
            row.push(median(timings));
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let mut header = vec!["ns a parameter".to_owned()];
    header.extend(LENGTHS.map(|length| format!("N = {}", grouped(length as u64))));
    header.push("spread".to_owned());
    let rows = rows.into_iter().map(|(name, each)| {
        let mut row = vec![name.to_owned()];
        row.extend(each.iter().map(|time| format!("{time:.2}")));
        row.push(format!("{:.2}", spread(&each)));
        row
    });
    Ok(markdown(header, rows))
}

/// The largest in units of the smallest.
fn spread(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(0.0, f64::max);
    largest / values.iter().copied().fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_the_largest_in_units_of_the_smallest() {
        assert_eq!(spread(&[2.0, 3.0, 2.5]), 1.5);
        assert_eq!(spread(&[7.0]), 1.0);
    }

    #[test]
    fn every_optimizer_of_the_table_is_there() -> Result<()> {
        let named = optimizers(4)?;
        for name in NAMES {
            assert_eq!(named.iter().filter(|(other, _)| *other == name).count(), 1, "{name}");
        }
        Ok(())
    }
}
