//! Passes over memory, timed beside STREAM's triad.

use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::time::Instant;
use workbench::statistics::median;
use workload::passes::{AT_REST, Pass, triad};
use workload::slices::Slices;

/// How often every pass is timed, each time with a triad beside it.
const ROUNDS: usize = 21;

/// Bytes that one timing moves at least, so that the clock's resolution does not count.
const MOVED: u64 = 32 << 20;

/// Slices that the first-level cache holds.
pub const IN_CACHE: usize = 1024;

/// A pass at a length.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Row {
    pub name: String,
    pub n: usize,
    pub gb_per_s: f64,
    pub triad_gb_per_s: f64,
}

impl Row {
    pub fn ratio(&self) -> f64 {
        self.gb_per_s / self.triad_gb_per_s
    }
}

/// Times passes over slices of this length: in each round every pass, and right before it the
/// triad, over the same memory.
pub fn measure(passes: &[Pass], length: usize, slices: &mut Slices) -> Vec<Row> {
    let triad = triad();
    let mut timings = vec![[const { Vec::new() }; 2]; passes.len()];
    for _ in 0..ROUNDS {
        for (pass, [beside, own]) in passes.iter().zip(&mut timings) {
            beside.push(gb_per_s(&triad, length, slices));
            own.push(gb_per_s(pass, length, slices));
        }
    }
    let rows = passes.iter().zip(timings).map(|(pass, [beside, own])| Row {
        name: pass.name.to_owned(),
        n: length,
        gb_per_s: median(own),
        triad_gb_per_s: median(beside),
    });
    rows.collect()
}

fn gb_per_s(pass: &Pass, length: usize, slices: &mut Slices) -> f64 {
    let bytes = pass.bytes() * length as u64;
    let repeats = MOVED.div_ceil(bytes);
    // What the pass before left in the caches is not its own.
    (pass.run)(slices.vectors(), AT_REST);
    let seconds = seconds(|| {
        for _ in 0..repeats {
            black_box((pass.run)(black_box(slices.vectors()), AT_REST));
        }
    });
    (bytes * repeats) as f64 / seconds / 1e9
}

pub fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_documented_keys() -> Result<(), serde_json::Error> {
        let row = Row { name: "dot".to_owned(), n: 64, gb_per_s: 3.0, triad_gb_per_s: 4.0 };
        assert_eq!(row.ratio(), 0.75);
        let text = serde_json::to_string(&row)?;
        assert_eq!(text, r#"{"name":"dot","n":64,"gb_per_s":3.0,"triad_gb_per_s":4.0}"#);
        Ok(())
    }
}
