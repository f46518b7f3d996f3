//! A scenario on a core, and the table of them.

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use serde::{Deserialize, Serialize};
use workbench::table::grouped;

/// One scenario on one core.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Row {
    pub scenario: String,
    pub core: String,
    pub machine: String,
    /// The hash of theta at the end.
    pub hash: String,
    /// In the features of all labelled samples, which are computed once.
    pub instructions_for_features: u64,
    pub instructions_per_step: u64,
    pub flash_bytes: u64,
    /// Static data and stack.
    pub ram_bytes: u64,
    /// How good theta was before, and is after.
    pub before: String,
    pub after: String,
}

/// A row as `--json` prints it.
#[derive(Serialize)]
pub struct Figures<'a> {
    core: &'a str,
    machine: &'a str,
    hash: &'a str,
    instructions_for_features: u64,
    instructions_per_step: u64,
    flash_bytes: u64,
    ram_bytes: u64,
}

impl Row {
    pub fn figures(&self) -> Figures<'_> {
        Figures {
            core: &self.core,
            machine: &self.machine,
            hash: &self.hash,
            instructions_for_features: self.instructions_for_features,
            instructions_per_step: self.instructions_per_step,
            flash_bytes: self.flash_bytes,
            ram_bytes: self.ram_bytes,
        }
    }
}

pub fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header([
        "scenario",
        "core",
        "machine",
        "hash, as the desktop's",
        "instructions for the features",
        "instructions a step",
        "flash, bytes",
        "RAM, bytes",
        "before and after",
    ]);
    for row in rows {
        table.add_row([
            row.scenario.clone(),
            row.core.clone(),
            row.machine.clone(),
            row.hash.clone(),
            grouped(row.instructions_for_features),
            grouped(row.instructions_per_step),
            grouped(row.flash_bytes),
            grouped(row.ram_bytes),
            format!("{}, {}", row.before, row.after),
        ]);
    }
    table
}
