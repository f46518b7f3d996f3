//! Where thousands of balls end.

use super::adapter::is_processor;
use super::comparison::{Comparison, Demand};
use crate::wells::scattered;
use anyhow::Result;
use indicatif::ProgressBar;
use rolling_ball::gpu::{self, Device};
use rolling_ball::kernels::Active;
use rolling_ball::probe::basins::{self, Basins, NearWells, Settings, Starts};
use std::time::Instant;

const STARTS: Starts = Starts { from: -3.0, to: 3.0, side: 64 };
const RADII: [f32; 4] = [0.01, 0.1, 0.3, 1.0];
const RATE: f32 = 0.01;
const STEPS: u32 = 200;
const WELLS: u32 = 1000;
const WIDTH: f32 = 0.1;
/// Ends closer than this are the same minimum.
const TOLERANCE: f32 = 0.01;
/// Between maps of balls whose ends hang on the last bit: of the number of basins, and of the
/// largest one's share.
const PART: f32 = 0.2;

/// Ends for balls of each radius; on a GPU, where the last bit of a step may decide where a ball
/// ends, what they are together. Also how many times as fast as this processor the device was.
pub fn compare(device: &Device, bar: &ProgressBar) -> Result<(Vec<Comparison>, f64)> {
    let wells = NearWells::new(&scattered(WELLS, 0), WIDTH)?;
    bar.set_length((2 * RADII.len() * STARTS.count()) as u64);
    let done = |count| bar.inc(count as u64);
    let mut found = Vec::new();
    let (mut here, mut there) = (0.0, 0.0);
    for radius in RADII {
        let settings = Settings::shrinking(radius, RATE, STEPS);
        let begun = Instant::now();
        let expected = basins::roll::<Active, _>(&wells, &STARTS, &settings, done)?;
        here += begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let actual = gpu::roll(device, &wells, &STARTS, &settings, done)?;
        there += begun.elapsed().as_secs_f64();
        let basins = |ends: &[[f32; 2]]| Basins::of(ends, &STARTS, TOLERANCE);
        let (map, map_there) = (basins(&expected)?, basins(&actual)?);
        let name = |what: &str| format!("radius {radius}: {what}");
        if is_processor(device) {
            let (expected, actual) = (expected.as_flattened(), actual.as_flattened());
            found.push(Comparison::of(name("ends"), Demand::Bits, expected, actual));
        }
        let demand = Demand::on(device, PART);
        for (what, of) in [
            ("basins", (|map| map.minima().len() as f32) as fn(&Basins) -> f32),
            ("share of the largest", |map| map.largest_share() as f32),
        ] {
            found.push(Comparison::of(name(what), demand, &[of(&map)], &[of(&map_there)]));
        }
    }
    Ok((found, here / there))
}
