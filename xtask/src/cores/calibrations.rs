//! The accelerometer that calibrates itself, on every core.

use super::row::Row;
use crate::device::qemu::{Emulation, Machine};
use crate::device::{self, Build, elf};
use anyhow::{Context, Result, ensure};
use rolling_ball::kernels::{Active, Scalar};
use rolling_ball_rehearsal::Event;
use scenario::calibration::{Calibrated, Memory, SENSOR, STEPS, calibrate};

/// The firmware's name, which is the scenario's.
pub const CALIBRATION: &str = "calibration";

/// What the desktop makes of it, with either kernels.
pub fn rehearse() -> Result<Calibrated> {
    let scalar = calibrate(Scalar, SENSOR, &mut Memory::ZERO.to_owned(), || 0)?;
    let active = calibrate(Active::default(), SENSOR, &mut Memory::ZERO.to_owned(), || 0)?;
    ensure!(
        scalar == active,
        "the desktop's scalar and wide kernels differ: this breaks the numeric contract"
    );
    Ok(scalar)
}

/// Runs it on a core, which must have the desktop's bits.
pub fn row(expected: &Calibrated, machine: &Machine) -> Result<Row> {
    let firmware = Build::firmware("qemu", machine, CALIBRATION).run()?;
    let mut said = Vec::new();
    Emulation::new(machine, &firmware, device::LIMIT).lines(|line| said.push(line.to_owned()))?;
    let [result, instructions, ram] = &said[..] else {
        anyhow::bail!("the {} said {said:?}", machine.core)
    };
    ensure!(
        *result == expected.to_string(),
        "the {} said {result}, the desktop {expected}: this breaks the numeric contract",
        machine.core
    );
    let instructions =
        instructions.strip_prefix("instructions ").and_then(|text| text.parse().ok());
    let instructions: u64 = instructions.with_context(|| format!("{said:?}: no instructions"))?;
    let Event::Ram { data, stack } = ram.parse()? else {
        anyhow::bail!("the {} told no use of RAM: {said:?}", machine.core)
    };
    let gravity = |millionths: u32| format!("{:.1} %", f64::from(millionths) / 1e4);
    Ok(Row {
        scenario: CALIBRATION.to_owned(),
        core: machine.core.to_owned(),
        machine: machine.name.to_owned(),
        hash: format!("{:08x}", expected.theta),
        instructions_for_features: 0,
        instructions_per_step: instructions / u64::from(STEPS),
        flash_bytes: elf::sizes(&firmware)?.flash_bytes,
        ram_bytes: u64::from(data + stack),
        before: gravity(expected.before),
        after: gravity(expected.after),
    })
}
