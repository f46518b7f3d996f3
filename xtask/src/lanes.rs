//! `cargo xtask lanes`: the measurements that `kernels::LANES` was chosen by.

use crate::device::Build;
use crate::device::qemu::{Emulation, MPS2_AN386};
use anyhow::{Context, Result};
use clap::Args;
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use rolling_ball::kernels::{Scalar, VectorOps, Wide};
use scenario::dot_with_lanes;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};
use workbench::setup;

/// Measure dot products by the number of lanes: instructions on the device, time on the desktop.
#[derive(Args, Clone, Debug)]
pub struct LanesArgs {
    /// Install QEMU with the system's package manager where it is missing, through sudo if need be
    #[arg(long)]
    install: bool,
}

/// Vector of the desktop's dot products: in the first-level cache, and beyond all caches.
const LENGTHS: [usize; 2] = [2_048, 16 << 20];

type Dot = fn(&[f32], &[f32]) -> f32;

/// Runs the command.
pub fn lanes(args: &LanesArgs) -> Result<()> {
    setup::rust_targets(&[MPS2_AN386.target])?;
    setup::debian_package("qemu-system-arm", "qemu-system-arm", args.install)?;
    let firmware = Build::firmware("lanes", &MPS2_AN386, "lanes").run()?;
    // counts[lanes][length]
    let mut counts: BTreeMap<usize, BTreeMap<usize, u64>> = BTreeMap::new();
    let mut wrong = None;
    let emulation = Emulation::new(&MPS2_AN386, &firmware, Duration::from_secs(60));
    emulation.lines(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["lanes", lanes, "length", length, "instructions", count] = words[..]
            && let (Ok(lanes), Ok(length), Ok(count)) =
                (lanes.parse(), length.parse(), count.parse())
        {
            counts.entry(lanes).or_default().insert(length, count);
        } else {
            wrong.get_or_insert_with(|| line.to_owned());
        }
    })?;
    anyhow::ensure!(wrong.is_none(), "the firmware said {wrong:?}");

    let mut device_table = Table::new();
    device_table.load_preset(ASCII_MARKDOWN);
    let lengths = counts.values().next().context("the firmware measured nothing")?;
    let mut header = vec!["lanes".to_owned()];
    header.extend(lengths.keys().map(|length| format!("n = {length}")));
    device_table.set_header(header);
    for (lanes, counts) in &counts {
        let mut row = vec![lanes.to_string()];
        row.extend(counts.values().map(u64::to_string));
        device_table.add_row(row);
    }
    println!("Instructions of a dot product, {}:\n\n{device_table}\n", MPS2_AN386.core);

    let kernels: [(&str, Dot); 7] = [
        ("1", dot_with_lanes::<1>),
        ("4", dot_with_lanes::<4>),
        ("8", dot_with_lanes::<8>),
        ("16", dot_with_lanes::<16>),
        ("32", dot_with_lanes::<32>),
        ("8, Scalar", Scalar::dot),
        ("8, Wide", Wide::dot),
    ];
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    let mut header = vec!["lanes".to_owned()];
    header.extend(LENGTHS.iter().map(|length| format!("n = {length}")));
    table.set_header(header);
    let reference: Vec<f64> = LENGTHS.iter().map(|n| median_seconds(Scalar::dot, *n)).collect();
    for (name, dot) in kernels {
        let mut row = vec![name.to_owned()];
        row.extend(
            LENGTHS.iter().zip(&reference).map(|(length, reference)| {
                format!("{:.2}", reference / median_seconds(dot, *length))
            }),
        );
        table.add_row(row);
    }
    println!("Speed of a dot product on this desktop, as a multiple of `Scalar::dot`:\n\n{table}");
    Ok(())
}

fn median_seconds(dot: Dot, length: usize) -> f64 {
    let values = vec![0.5f32; length];
    let repeats = ((1 << 24) / length).max(1);
    let mut seconds: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..repeats {
                black_box(dot(black_box(&values), black_box(&values)));
            }
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
