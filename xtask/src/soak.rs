//! `cargo xtask soak`: millions of steps of every optimizer on landscapes that nobody should train
//! on, here and on an emulated Cortex-M4F.

use crate::device::Build;
use crate::device::qemu::{Emulation, MPS2_AN386};
use anyhow::{Result, ensure};
use clap::Args;
use rayon::prelude::*;
use scenario::soak::{Broken, Cell, Form, Landscape, Tally};
use std::fmt::Write;
use std::time::{Duration, Instant};
use workbench::table::{grouped, markdown};
use workbench::{progress, setup};

/// Make millions of steps of every optimizer on six landscapes with cliffs, plateaus, regions
/// without a number and wild gradients, and check after each step what the documentation promises
///
/// Theta and its loss are finite after every step and every error; after an error theta is where
/// the error says, and `loss_after` is the loss at theta, both to the bit; no step asks for more
/// evaluations than it may; the counter is right; Armijo's search never lets the loss rise, nor
/// Gauss-Newton the distance to the displaced centre. The bits on an emulated Cortex-M4F are the
/// desktop's.
#[derive(Args, Clone, Debug)]
pub struct SoakArgs {
    /// Steps of every optimizer on every landscape
    #[arg(long, default_value_t = 10_000_000)]
    steps: u32,
    /// As many on the emulated Cortex-M4F; 0 for none
    #[arg(long, default_value_t = 100_000)]
    device_steps: u32,
    /// Install QEMU with the system's package manager where it is missing, through sudo if need be
    #[arg(long)]
    install: bool,
}

/// Wall-clock limit of the emulator.
const LIMIT: Duration = Duration::from_secs(3 * 3600);

/// Runs the command.
pub fn soak(args: &SoakArgs) -> Result<()> {
    println!("{}", desktop(args.steps)?);
    if args.device_steps > 0 {
        setup::rust_targets(&[MPS2_AN386.target])?;
        setup::debian_package("qemu-system-arm", "qemu-system-arm", args.install)?;
        println!("\n{}", device(args.device_steps)?);
    }
    Ok(())
}

/// Soaks this machine; the tables of what became of every cell, first at the rate that is set, then
/// with the rate halved by every step that is refused.
pub fn desktop(steps: u32) -> Result<String> {
    let start = Instant::now();
    let (plain, halved) = (kept(false, run(steps, false))?, kept(true, run(steps, true))?);
    let seconds = start.elapsed().as_secs_f64();
    let tallies = plain.iter().chain(&halved);
    let evaluations: u64 = tallies.map(|tally| tally.gradients + tally.losses).sum();
    Ok(format!(
        "{} steps of each of {} optimizers on each of {} landscapes, and as many with \
         `halve_when_refused`: {} evaluations in {seconds:.0} s, and every promise was kept. The \
         columns of the landscapes have the part of the steps that were refused by an error, and \
         the loss at the end.\n\n{}\n\nWith `halve_when_refused`:\n\n{}",
        grouped(steps.into()),
        Form::ALL.len(),
        Landscape::ALL.len(),
        grouped(evaluations),
        table(steps, &plain),
        table(steps, &halved),
    ))
}

/// An optimizer a row, a landscape a column.
fn table(steps: u32, tallies: &[Tally]) -> String {
    let rows = Form::ALL.iter().zip(tallies.chunks(Landscape::ALL.len()));
    let rows = rows.map(|(form, tallies)| {
        let asked = tallies.iter().map(|tally| per_step(tally, steps));
        let (least, most) = asked
            .fold((f64::MAX, 0.0_f64), |(least, most), asked| (least.min(asked), most.max(asked)));
        let ends = tallies.iter().map(|tally| {
            let refused = 100.0 * f64::from(tally.refused) / f64::from(steps);
            format!("{refused:.3} %, {:.1e}", tally.loss)
        });
        [form.to_string(), format!("{least:.1} to {most:.1}")].into_iter().chain(ends).collect()
    });
    let header = ["optimizer", "evaluations a step"].map(str::to_owned);
    let landscapes = Landscape::ALL.map(|landscape| landscape.to_string());
    markdown(header.into_iter().chain(landscapes).collect(), rows)
}

fn per_step(tally: &Tally, steps: u32) -> f64 {
    (tally.gradients + tally.losses) as f64 / f64::from(steps.max(1))
}

/// Every cell, in their order, on all processors.
fn run(steps: u32, halve: bool) -> Vec<Result<Tally, Broken>> {
    let cells = Vec::from_iter(Cell::all(halve));
    let bar = progress::bar("soak", "steps");
    bar.set_length(u64::from(steps) * cells.len() as u64);
    let tick = |steps: u32| bar.inc(steps.into());
    let ends = cells.par_iter().with_max_len(1).map(|cell| cell.run(steps, tick)).collect();
    bar.finish_and_clear();
    ends
}

/// The cells, if they have kept every promise.
fn kept(halve: bool, ends: Vec<Result<Tally, Broken>>) -> Result<Vec<Tally>> {
    let mut broken = String::new();
    for (cell, end) in Cell::all(halve).zip(&ends) {
        if let Err(promise) = end {
            writeln!(broken, "{cell}: {promise}")?;
        }
    }
    ensure!(broken.is_empty(), "promises that were not kept:\n{broken}");
    Ok(ends.into_iter().flatten().collect())
}

/// Soaks the emulated Cortex-M4F, whose bits must be the desktop's after every step.
pub fn device(steps: u32) -> Result<String> {
    let start = Instant::now();
    let expected = run(steps, false);
    let firmware = Build::firmware("test", &MPS2_AN386, "soak").run()?;
    let bar = progress::bar("soak in QEMU", "optimizers on landscapes");
    bar.set_length(expected.len() as u64);
    let told = Landscape::ALL.par_iter().map(|landscape| {
        let (words, mut told) = (format!("{steps}:{landscape}"), Vec::new());
        let emulation = Emulation::new(&MPS2_AN386, &firmware, LIMIT);
        Emulation { argument: Some(&words), ..emulation }.lines(|line| {
            bar.inc(1);
            told.push(line.to_owned());
        })?;
        Ok(told)
    });
    let told: Vec<String> = told.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    bar.finish_and_clear();
    for (cell, end) in Cell::all(false).zip(&expected) {
        let here = match end {
            Ok(tally) => format!("{cell}: {tally}"),
            Err(broken) => format!("{cell}: {broken}"),
        };
        let there = told.iter().find(|line| line.starts_with(&format!("{cell}: ")));
        ensure!(there == Some(&here), "the device said {there:?}, the desktop {here:?}");
    }
    let count = kept(false, expected)?.len();
    Ok(format!(
        "{} steps of each of them on each landscape on an emulated {}, {} in all, with the \
         desktop's bits after every step, in {:.0} s.",
        grouped(steps.into()),
        MPS2_AN386.core,
        grouped(u64::from(steps) * count as u64),
        start.elapsed().as_secs_f64(),
    ))
}
