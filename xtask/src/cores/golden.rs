//! The committed table of the six cores. Hashes and accuracy are the same wherever they are made;
//! instructions, flash and RAM are the compiler's, and only those of one compiler can be compared.

use super::row::{self, Row};
use super::static_ram::StaticRam;
use anyhow::{Context, Result, bail};
use comfy_table::presets::ASCII_MARKDOWN;
use scenario::calibration;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::path::PathBuf;
use workbench::markdown::fill;
use workbench::workspace::{compiler, root};

/// What was measured, and with which compiler.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Golden {
    rustc: String,
    rows: Vec<Row>,
    losses_only: StaticRam,
}

const TABLE: &str = "docs/cores.md";

/// By how many bytes of flash the same sources may differ: functions are put in the order of hashes
/// that include the folder of the checkout, and what aligns one after the other is padding.
const PADDING: u64 = 64;

/// How far the comparison went.
#[derive(Clone, Debug, PartialEq)]
pub enum Agreement {
    /// All figures are equal.
    Full,
    /// Hashes and accuracy are equal; the other figures are another compiler's, named here.
    OtherCompiler(String),
}

impl Agreement {
    /// Says it in a sentence for people.
    pub fn sentence(&self) -> String {
        match self {
            Self::Full => {
                "every figure is that of boards/qemu/golden.json, flash but for padding".to_owned()
            }
            Self::OtherCompiler(reason) => {
                format!(
                    "hashes and accuracy are those of boards/qemu/golden.json; SKIPPED: {reason}"
                )
            }
        }
    }
}

fn path() -> PathBuf {
    root().join("boards/qemu/golden.json")
}

impl Golden {
    /// Makes a table of what the compiler in use gave.
    pub fn new(rows: Vec<Row>, losses_only: StaticRam) -> Result<Self> {
        Ok(Self { rustc: compiler()?, rows, losses_only })
    }

    /// What was run.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Makes it the committed one.
    pub fn write(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(path(), text + "\n").context("cannot write boards/qemu/golden.json")?;
        std::fs::write(root().join(TABLE), fill(&self.document()))
            .with_context(|| format!("cannot write {TABLE}"))?;
        eprintln!("wrote boards/qemu/golden.json and {TABLE}");
        Ok(())
    }

    /// The table for people.
    fn document(&self) -> String {
        let mut table = row::table(&self.rows);
        table.load_preset(ASCII_MARKDOWN);
        fill(&format!(
            "# Six cores\n\nWritten by `cargo xtask qemu --bless` with {}, and compared by the \
             tests. `last_layer`: an imported network with int8 convolutions in flash, the last \
             layer trained on 50 digits, whose features are computed once. `losses_only`: the same \
             by a ball that needs losses only. `calibration`: an accelerometer's nine parameters \
             by the same ball, from {} readings; how far others are off the length of gravity. \
             `digits`: 64-32-10, all of it trained on 100. Instructions, not cycles; RAM with the \
             stack, and accuracy where nothing else is said.\n\n{table}\n\n{}\n",
            self.rustc,
            calibration::READINGS,
            self.losses_only
        ))
    }

    /// Compares with the committed one.
    pub fn compare(&self) -> Result<Agreement> {
        let text = std::fs::read_to_string(path())
            .context("cannot read boards/qemu/golden.json; cargo xtask qemu --bless writes it")?;
        let committed: Self = serde_json::from_str(&text).context(
            "boards/qemu/golden.json is damaged; cargo xtask qemu --bless writes it anew",
        )?;
        self.agreement(&committed)
    }

    fn agreement(&self, committed: &Self) -> Result<Agreement> {
        let places = |golden: &Self| -> Vec<(String, String)> {
            golden.rows.iter().map(|row| (row.scenario.clone(), row.machine.clone())).collect()
        };
        if places(self) != places(committed) {
            bail!(
                "boards/qemu/golden.json has other scenarios or machines than were run; \
                 cargo xtask qemu --bless writes it anew"
            );
        }
        let same_compiler = self.rustc == committed.rustc;
        let (mut bits, mut costs) = (Vec::new(), Vec::new());
        for (new, old) in self.rows.iter().zip(&committed.rows) {
            bits.extend(moved(new, "hash", &old.hash, &new.hash));
            bits.extend(moved(new, "what it was before", &old.before, &new.before));
            bits.extend(moved(new, "what it is after", &old.after, &new.after));
            for (what, old, new_figure, slack) in [
                (
                    "instructions for the features",
                    old.instructions_for_features,
                    new.instructions_for_features,
                    0,
                ),
                ("instructions a step", old.instructions_per_step, new.instructions_per_step, 0),
                ("flash bytes", old.flash_bytes, new.flash_bytes, PADDING),
                ("RAM bytes", old.ram_bytes, new.ram_bytes, 0),
            ] {
                if old.abs_diff(new_figure) > slack {
                    costs.extend(moved(new, what, &old, &new_figure));
                }
            }
        }
        if self.losses_only != committed.losses_only {
            costs.push(format!(
                "  static RAM of losses_only was {}\n  is {}",
                committed.losses_only, self.losses_only
            ));
        }
        if !bits.is_empty() {
            bail!(
                "the bits differ from boards/qemu/golden.json, which no compiler may \
                 change:\n{}\nwhere the scenario or the arithmetic was changed on purpose: cargo \
                 xtask qemu --bless",
                bits.join("\n")
            );
        }
        if costs.is_empty() {
            return Ok(Agreement::Full);
        }
        if !same_compiler {
            return Ok(Agreement::OtherCompiler(format!(
                "{} costs differ, and are not compared: the committed ones were made by {}, these \
                 by {}",
                costs.len(),
                committed.rustc,
                self.rustc
            )));
        }
        bail!(
            "costs differ from boards/qemu/golden.json (same compiler, {}):\n{}\n\
             where they may: cargo xtask qemu --bless, and commit the file",
            self.rustc,
            costs.join("\n")
        )
    }
}

/// A line on a figure of this row that is not what it was.
fn moved<T: Display + PartialEq>(row: &Row, what: &str, old: &T, new: &T) -> Option<String> {
    let Row { scenario, machine, .. } = row;
    (old != new).then(|| format!("  {scenario} on {machine}: {what} was {old}, is {new}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden() -> Golden {
        let row = |machine: &str| Row {
            scenario: "digits".to_owned(),
            core: "Cortex-M4F".to_owned(),
            machine: machine.to_owned(),
            hash: "0badcafe".to_owned(),
            instructions_for_features: 50,
            instructions_per_step: 100,
            flash_bytes: 200,
            ram_bytes: 300,
            before: "25.0 %".to_owned(),
            after: "50.0 %".to_owned(),
        };
        let losses_only = StaticRam { theta: 8, scratch: 16, features: 100, rest: 4 };
        Golden { rustc: "rustc 1".to_owned(), rows: vec![row("one"), row("two")], losses_only }
    }

    /// The agreement with [`golden`] after a change, or the message.
    fn changed(change: impl FnOnce(&mut Golden)) -> Result<Agreement, String> {
        let mut measured = golden();
        change(&mut measured);
        measured.agreement(&golden()).map_err(|error| error.to_string())
    }

    #[test]
    fn equal_figures_agree_whatever_the_compiler() {
        assert_eq!(changed(|_| {}), Ok(Agreement::Full));
        assert_eq!(changed(|golden| golden.rustc = "rustc 2".to_owned()), Ok(Agreement::Full));
    }

    #[test]
    fn a_cost_that_moved_is_named_with_both_values() {
        let message = changed(|golden| golden.rows[1].flash_bytes = 300).unwrap_err();
        assert!(message.contains("digits on two: flash bytes was 200, is 300"), "{message}");
        assert!(!message.contains("digits on one"), "{message}");
    }

    #[test]
    fn padding_between_functions_is_no_cost() {
        assert_eq!(changed(|golden| golden.rows[1].flash_bytes += PADDING), Ok(Agreement::Full));
        changed(|golden| golden.rows[1].flash_bytes += PADDING + 1).unwrap_err();
        changed(|golden| golden.rows[1].ram_bytes += 1).unwrap_err();
        changed(|golden| golden.rows[1].instructions_per_step += 1).unwrap_err();
        changed(|golden| golden.rows[1].instructions_for_features += 1).unwrap_err();
        changed(|golden| golden.losses_only.rest += 1).unwrap_err();
    }

    #[test]
    fn costs_of_another_compiler_are_said_not_to_be_compared() {
        let agreement = changed(|golden| {
            golden.rustc = "rustc 2".to_owned();
            golden.rows[0].instructions_per_step = 90;
        });
        let sentence = agreement.unwrap().sentence();
        for part in ["SKIPPED", "rustc 1", "rustc 2"] {
            assert!(sentence.contains(part), "{sentence}");
        }
    }

    #[test]
    fn other_bits_are_an_error_whatever_the_compiler() {
        for rustc in ["rustc 1", "rustc 2"] {
            let message = changed(|golden| {
                golden.rustc = rustc.to_owned();
                golden.rows[0].hash = "00000000".to_owned();
            })
            .unwrap_err();
            assert!(message.contains("hash was 0badcafe, is 00000000"), "{message}");
        }
    }

    #[test]
    fn a_machine_that_is_missing_is_an_error() {
        let message = changed(|golden| drop(golden.rows.pop())).unwrap_err();
        assert!(message.contains("other scenarios or machines"), "{message}");
    }
}
