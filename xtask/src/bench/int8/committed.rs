//! The committed table of instructions of the layers.

use super::figures::Inference;
use crate::bench::guard::{Figures, Guard};
use crate::cores::Agreement;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use workbench::workspace::compiler;

const GUARD: Guard = Guard {
    path: "boards/qemu/int8.json",
    bless: "cargo xtask bench --only int8 --write",
    unit: "instructions or cycles",
};

/// What was counted, and with which compiler.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Committed {
    rustc: String,
    pub layers: Vec<Inference>,
}

impl Committed {
    /// Makes a table of what the compiler in use gave.
    pub fn new(layers: Vec<Inference>) -> Result<Self> {
        Ok(Self { rustc: compiler()?, layers })
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
        let (mut counts, mut told) = (Vec::new(), Vec::new());
        for Inference { model, core, instructions, cycles, .. } in &self.layers {
            let what = format!("int8 {model}, {core}");
            let known = if let Some(cycles) = cycles {
                counts.push((format!("{what}, cycles"), *cycles));
                &mut told
            } else {
                &mut counts
            };
            known.push((format!("{what}, instructions"), *instructions));
        }
        Figures { rustc: &self.rustc, counts, told }
    }
}
