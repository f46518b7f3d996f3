//! A thousand rehearsed devices in Flower's simulation engine.

use super::flower::SuperLink;
use super::{Fleet, curve, per_cent};
use anyhow::{Context, Result, ensure};
use std::thread;
use workbench::progress;
use workbench::table::grouped;

const DEVICES: u32 = 1000;
const ROUNDS: u32 = 20;
/// What the engine and its workers may have together, however many devices there are.
const MOST_MEMORY: u64 = 6 << 30;
/// The file of the picture, beside docs/fleet.md.
const PICTURE: &str = "fleet.svg";

/// Runs it, and draws the curve where it shall be written.
pub fn measure(fleet: &Fleet, write: bool) -> Result<String> {
    let setting = |name: &str| -> Result<_> {
        let run = fleet.run(name)?.with("rounds", ROUNDS).with("devices", DEVICES);
        Ok(run.with("minimum-nodes", DEVICES))
    };
    let run = setting("thousand")?;
    let bar = progress::bar("a thousand devices", "rounds");
    bar.set_length(ROUNDS.into());
    let link = SuperLink::start(&fleet.environment)?;
    let course = link.run(&run, DEVICES as usize, |line| {
        if line.contains("[ROUND ") {
            bar.inc(1);
        }
        false
    })?;
    bar.finish_and_clear();
    let course = course.context("the run was stopped")?;
    let report = run.report(&fleet.environment)?;
    ensure!(report.round == ROUNDS, "Flower has ended after {} rounds", report.round);
    let in_one_process = progress::during("the same in one process", || {
        setting("thousand-rehearsed")?.rehearse(&fleet.environment)
    })?;
    let same = in_one_process.hash == report.hash;
    ensure!(course.memory < MOST_MEMORY, "it took {} bytes of memory", course.memory);
    if write {
        curve::write(PICTURE, &report)?;
    }
    let first = report.curve("held-out").first().map_or(0.0, |(_, accuracy)| *accuracy);
    Ok(format!(
        "`cargo xtask fleet --only thousand`. {DEVICES} rehearsed devices of {}, {ROUNDS} rounds, \
         in Flower's simulation engine (Ray) on {} cores: at most {} MB of \
         memory for the SuperLink, the engine and its workers together. There are fewer clips than \
         devices have, so most clips are on several devices.\n\nAccuracy on held-out samples is \
         {} % before and {} % after, on the unknown group {} % after. The shared parameters after \
         the last round have {} of the same federation in one process.\n\n![Accuracy by \
         round]({PICTURE})",
        fleet.digits,
        thread::available_parallelism().map_or(1, usize::from),
        grouped(course.memory >> 20),
        per_cent(first),
        per_cent(report.last("held-out")?),
        per_cent(report.last("unknown")?),
        if same { "the bits" } else { "NOT the bits" },
    ))
}
