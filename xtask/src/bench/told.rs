//! What a firmware says of what it measures, and what a trace has of it.

use crate::device::cycles::{self, Cycles, Measurement};
use crate::device::qemu::{Emulation, MPS2_AN386};
use anyhow::{Context, Result, ensure};
use std::str::FromStr;

/// By how many instructions a firmware's count may differ from that of a trace: its clock ticks
/// more slowly than instructions pass, and loses some twenty where its 24 bits begin anew, as they
/// do every 8 to 16 million.
const ROUNDING: u64 = 8;
const OF_EACH_TURN: u64 = 24;
const SHORTEST_TURN: u64 = 8_000_000;

/// What a firmware says, and its measurements where it was traced.
pub struct Told {
    pub lines: Vec<String>,
    pub measured: Option<Vec<Measurement>>,
}

impl Told {
    /// Runs it, and keeps the lines that begin so; the Cortex-M4F is traced.
    pub fn by(emulation: &Emulation, begin: &str) -> Result<Self> {
        let mut lines = Vec::new();
        let mut hear = |line: &str| {
            if line.starts_with(begin) {
                lines.push(line.to_owned());
            }
        };
        let measured = if emulation.machine.name == MPS2_AN386.name {
            Some(cycles::measure(emulation, hear)?)
        } else {
            emulation.lines(&mut hear)?;
            None
        };
        Ok(Self { lines, measured })
    }
}

/// The cycles of a measurement, which must have the instructions that the firmware has counted.
pub fn cycles_of(
    measurement: Option<Measurement>,
    line: &str,
    instructions: u64,
) -> Result<Option<Cycles>> {
    let Some(Measurement { instructions: traced, cycles }) = measurement else { return Ok(None) };
    let turns = instructions.div_ceil(SHORTEST_TURN);
    ensure!(
        traced.abs_diff(instructions) <= ROUNDING + turns.saturating_sub(1) * OF_EACH_TURN,
        "the firmware said {line:?}, but the trace has {traced} instructions"
    );
    Ok(Some(cycles))
}

/// The word after this one.
pub fn field<T: FromStr>(line: &str, name: &str) -> Result<T> {
    let mut words = line.split_whitespace();
    let value = words.by_ref().find(|word| *word == name).and_then(|_| words.next());
    value
        .and_then(|value| value.parse().ok())
        .with_context(|| format!("the firmware said {line:?}: expected a value after `{name}`"))
}
