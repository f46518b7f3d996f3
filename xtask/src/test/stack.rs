//! The stack of each entry point, against the committed one.

use super::TestArgs;
use super::faults::SHORT;
use super::part::{Part, QEMU, compared, report};
use crate::bench::guard::{Figures, Guard};
use crate::cores::Agreement;
use crate::device::Build;
use crate::device::qemu::{Emulation, MICROBIT, MPS2_AN386, Machine};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use workbench::document::STACK;
use workbench::table::{grouped, markdown};
use workbench::workspace::compiler;

/// One that computes floats in software, and one that does not.
const MACHINES: [&Machine; 2] = [&MICROBIT, &MPS2_AN386];

const GUARD: Guard = Guard {
    path: "boards/qemu/stack.json",
    bless: "cargo xtask test stack --write",
    unit: "bytes of stack",
};

pub fn part(args: &TestArgs) -> Part {
    let write = args.write;
    Part::new("stack", args)
        .needs(&[QEMU])
        .builds_for(&MACHINES.map(|machine| machine.target))
        .test_or_skip("no_entry_point_takes_more_stack_than_the_committed_one", move || {
            check(write).map(compared)
        })
}

fn check(write: bool) -> Result<Agreement> {
    let measured = Stack::measure()?;
    report(write, STACK, &measured.text())?;
    if write {
        GUARD.write(&measured)?;
    }
    GUARD.agreement(&measured.figures(), &GUARD.read::<Stack>()?.figures())
}

/// What was measured, and with which compiler.
#[derive(Deserialize, Serialize)]
struct Stack {
    rustc: String,
    entry_points: Vec<EntryPoint>,
}

#[derive(Deserialize, Serialize)]
struct EntryPoint {
    name: String,
    /// By core, in the order of [`MACHINES`].
    bytes: [u64; MACHINES.len()],
}

impl Stack {
    fn measure() -> Result<Self> {
        let [small, large] = MACHINES.map(lines);
        let entry_points = small?.into_iter().zip(large?).map(|(small, large)| {
            let ((small, name), (large, other)) = (entry_point(&small)?, entry_point(&large)?);
            ensure!(name == other, "the cores measured {name:?} and {other:?} in one place");
            Ok(EntryPoint { name, bytes: [small, large] })
        });
        Ok(Self { rustc: compiler()?, entry_points: entry_points.collect::<Result<_>>()? })
    }

    fn figures(&self) -> Figures<'_> {
        let counts = self.entry_points.iter().flat_map(|EntryPoint { name, bytes }| {
            let places = MACHINES.map(|machine| format!("{name}, {}", machine.core));
            places.into_iter().zip(*bytes)
        });
        Figures { rustc: &self.rustc, counts: counts.collect(), told: Vec::new() }
    }

    fn text(&self) -> String {
        let header = ["bytes of stack"].into_iter().chain(MACHINES.map(|machine| machine.core));
        let rows = self.entry_points.iter().map(|EntryPoint { name, bytes }| {
            [name.clone()].into_iter().chain(bytes.map(grouped)).collect()
        });
        format!(
            "`cargo xtask test stack`: in QEMU, by the firmware's profile. The stack below the \
             call is painted before, and looked at after it; the buffers are statics. A step is \
             measured on an objective of 16 bytes or so, as the most of three steps; what an \
             evaluation takes comes on top of it. The test fails where a figure rises by over 2 % \
             with the compiler that it was measured with.\n\n{}",
            markdown(header.map(str::to_owned).collect(), rows)
        )
    }
}

/// What the firmware says on this machine.
fn lines(machine: &Machine) -> Result<Vec<String>> {
    let firmware = Build::firmware("test", machine, "stack").run()?;
    let mut lines = Vec::new();
    Emulation::new(machine, &firmware, SHORT).lines(|line| lines.push(line.to_owned()))?;
    ensure!(!lines.is_empty(), "the {} measured nothing", machine.core);
    Ok(lines)
}

/// Bytes and name, of "stack 576 of step: the ball as preset".
fn entry_point(line: &str) -> Result<(u64, String)> {
    let fields = line.strip_prefix("stack ").and_then(|rest| rest.split_once(" of "));
    let (bytes, name) = fields.with_context(|| format!("the firmware said {line:?}"))?;
    Ok((bytes.parse()?, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_bytes_and_name() -> Result<()> {
        let found = entry_point("stack 576 of step: the ball as preset")?;
        assert_eq!(found, (576, "step: the ball as preset".to_owned()));
        assert!(entry_point("panicked").is_err());
        Ok(())
    }
}
