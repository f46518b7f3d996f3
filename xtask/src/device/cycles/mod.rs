//! Estimated cycles of a firmware on a Cortex-M4F, from the blocks of instructions that QEMU
//! executed.
//!
//! QEMU tells each block as it begins (`-d exec,nochain`), llvm-objdump of the Rust toolchain what
//! its instructions are, and [`timing`] what each of them takes. A measurement is what runs between
//! two calls of `instructions::elapsed`, less what runs between two calls with nothing between them
//! (`instructions::count` of `boards/qemu`). These are estimates: no hardware has confirmed them.

mod blocks;
mod instruction;
mod listing;
mod timing;

use super::qemu::Emulation;
use anyhow::{Context, Result, bail, ensure};
use blocks::Blocks;
use listing::Listing;
use serde::{Deserialize, Serialize};
use std::ops::{AddAssign, Sub};
use timing::{Machine, TIMINGS};

/// The function of a firmware whose calls begin and end what is measured.
const CLOCK: &str = "qemu_board::instructions::elapsed";
/// Two calls with nothing between them, and two around the work.
const CALLS: usize = 4;

/// An estimate, with its bounds.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Cycles {
    pub low: u64,
    pub middle: u64,
    pub high: u64,
}

/// A piece of work that a firmware has measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measurement {
    pub instructions: u64,
    pub cycles: Cycles,
}

/// Runs a firmware for a Cortex-M4F, hands every line that it prints to `on_line`, and returns what
/// each of its calls of `instructions::count` took, in their order.
pub fn measure(emulation: &Emulation, on_line: impl FnMut(&str)) -> Result<Vec<Measurement>> {
    let listing = Listing::of(emulation.elf)?;
    let clock = listing.function(CLOCK)?;
    let mut blocks = Blocks::new(&listing);
    let mut meter = Meter::new(clock);
    let mut wrong = None;
    emulation.traced(on_line, |line| {
        let told = blocks.told(line, |executed| meter.execute(executed));
        told.unwrap_or_else(|error| {
            wrong.get_or_insert(error);
            true
        })
    })?;
    if let Some(wrong) = wrong {
        return Err(wrong).with_context(|| format!("tracing {}", emulation.elf.display()));
    }
    meter.measurements().with_context(|| format!("tracing {}", emulation.elf.display()))
}

/// Adds up what runs between the calls of the clock.
struct Meter {
    clock: u32,
    machines: [Machine; TIMINGS.len()],
    since: Measurement,
    /// What ran from each call to the next.
    laps: Vec<Measurement>,
}

impl Meter {
    fn new(clock: u32) -> Self {
        Self {
            clock,
            machines: TIMINGS.map(Machine::new),
            since: Measurement::default(),
            laps: Vec::new(),
        }
    }

    fn execute(&mut self, executed: blocks::Executed) {
        if executed.instruction.address == self.clock {
            self.laps.push(std::mem::take(&mut self.since));
        }
        let [low, middle, high] =
            self.machines.each_mut().map(|machine| u64::from(machine.execute(executed)));
        self.since += Measurement { instructions: 1, cycles: Cycles { low, middle, high } };
    }

    fn measurements(self) -> Result<Vec<Measurement>> {
        let calls = self.laps.len();
        ensure!(
            calls > 0 && calls.is_multiple_of(CALLS),
            "{CLOCK} was called {calls} times; measure by `instructions::count` alone, which calls \
             it {CALLS} times"
        );
        let measured = self.laps.chunks(CALLS).map(|laps| match laps {
            // The first lap is what came before.
            [_, nothing, _, work] => Ok(*work - *nothing),
            laps => bail!("{} laps", laps.len()),
        });
        measured.collect()
    }
}

impl AddAssign for Measurement {
    fn add_assign(&mut self, other: Self) {
        self.instructions += other.instructions;
        self.cycles.low += other.cycles.low;
        self.cycles.middle += other.cycles.middle;
        self.cycles.high += other.cycles.high;
    }
}

impl Sub for Measurement {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let Cycles { low, middle, high } = self.cycles;
        Self {
            instructions: self.instructions.saturating_sub(other.instructions),
            cycles: Cycles {
                low: low.saturating_sub(other.cycles.low),
                middle: middle.saturating_sub(other.cycles.middle),
                high: high.saturating_sub(other.cycles.high),
            },
        }
    }
}
