//! Whatever goes wrong on a device ends the emulator with a failing code, and says what: on every
//! core.

use super::TestArgs;
use super::part::{Part, QEMU};
use crate::device::Build;
use crate::device::qemu::{Emulation, MACHINES, Machine};
use anyhow::{Result, bail, ensure};
use std::path::Path;
use std::time::Duration;

/// Wall-clock limit of a firmware that does next to nothing.
pub const SHORT: Duration = Duration::from_secs(60);

/// What the firmware is asked for, its name in a sentence, and what it must say.
const FAULTS: [(&str, &str, &str); 4] = [
    ("panic", "panic", "a panic, as asked for"),
    ("fault", "bus_fault", "hard fault at"),
    ("overflow", "stack_overflow", "the stack has overflowed"),
    ("large_frame", "frame_larger_than_the_stack", "the stack has overflowed"),
];

pub fn part(args: &TestArgs) -> Part {
    let targets = MACHINES.map(|machine| machine.target);
    let mut part = Part::new("faults", args).needs(&[QEMU]).builds_for(&targets);
    for machine in MACHINES {
        let core = in_a_sentence(machine);
        for (fault, name, message) in FAULTS {
            let sentence = format!("a_{name}_on_the_{core}_ends_the_emulator_with_a_failing_code");
            part = part.test(sentence, move || {
                let firmware = Build::firmware("test", machine, "faults").run()?;
                let said = refused(machine, &firmware, Some(fault))?;
                ensure!(said.contains(message), "after a {name} it said {said:?}");
                Ok(())
            });
        }
    }
    part
}

/// What a firmware that must fail complains of.
pub fn refused(machine: &Machine, firmware: &Path, argument: Option<&str>) -> Result<String> {
    let emulation = Emulation { argument, ..Emulation::new(machine, firmware, SHORT) };
    match emulation.lines(|_| {}) {
        Ok(()) => bail!("{} ran and did not fail with {argument:?}", firmware.display()),
        Err(error) => Ok(format!("{error:#}")),
    }
}

/// A core as the name of a test has it.
pub fn in_a_sentence(machine: &Machine) -> String {
    machine.core.to_lowercase().replace('-', "_")
}
