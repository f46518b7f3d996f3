//! The committed table of instructions on the emulated cores, and of estimated cycles.

use super::figures::{Passes, Step};
use crate::bench::guard::{Figures, Guard};
use crate::cores::Agreement;
use crate::device::cycles::Cycles;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use workbench::workspace::compiler;

const GUARD: Guard = Guard {
    path: "boards/qemu/instructions.json",
    bless: "cargo xtask bench --only mcu --write",
    unit: "instructions or cycles",
};

/// What was counted, and with which compiler.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Committed {
    rustc: String,
    pub steps: Vec<Step>,
    pub passes: Vec<Passes>,
}

impl Committed {
    /// Makes a table of what the compiler in use gave.
    pub fn new(steps: Vec<Step>, passes: Vec<Passes>) -> Result<Self> {
        Ok(Self { rustc: compiler()?, steps, passes })
    }

    /// Makes it the committed one.
    pub fn write(&self) -> Result<()> {
        GUARD.write(self)
    }

    /// Compares what was counted here with the committed table, which may have more cores.
    pub fn compare(&self) -> Result<Agreement> {
        GUARD.agreement(&self.figures(), &GUARD.read::<Self>()?.figures())
    }

    /// Cycles where they are known, and their instructions are only told; else instructions.
    fn figures(&self) -> Figures<'_> {
        let steps = self.steps.iter().map(|step| {
            let Step { core, network, batch, optimizer, instructions, cycles } = step;
            let what = format!("step of {optimizer} on {network}, batch {batch}, {core}");
            (what, *instructions, *cycles)
        });
        let passes = self.passes.iter().map(|passes| {
            let Passes { core, form, parameters, instructions, cycles, .. } = passes;
            let what = format!("passes of {form} over {parameters} parameters, {core}");
            (what, *instructions, *cycles)
        });
        let (mut counts, mut told) = (Vec::new(), Vec::new());
        for (what, instructions, cycles) in steps.chain(passes) {
            let known = if let Some(Cycles { middle, .. }) = cycles {
                counts.push((format!("{what}, cycles"), middle));
                &mut told
            } else {
                &mut counts
            };
            known.push((format!("{what}, instructions"), instructions));
        }
        Figures { rustc: &self.rustc, counts, told }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_committed_figure_has_a_name_of_its_own() -> Result<()> {
        let committed = GUARD.read::<Committed>()?;
        let Figures { counts, told, .. } = committed.figures();
        let mut names: Vec<_> = counts.into_iter().chain(told).map(|(name, _)| name).collect();
        assert!(!names.is_empty());
        let length = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), length);
        Ok(())
    }
}
