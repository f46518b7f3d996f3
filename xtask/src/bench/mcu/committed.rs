//! The committed table of instructions, and the guard that compares with it. Instructions are the compiler's: those of
//! another one are not compared.

use super::{Passes, Step};
use crate::cores::Agreement;
use crate::workspace::{compiler, root};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

const PATH: &str = "boards/qemu/instructions.json";
const BLESS: &str = "cargo xtask bench --only mcu --write";

/// By how much a figure may rise or fall before it is told, in per cent of what it was.
const TOLERANCE: f64 = 2.0;

/// What was counted, and with which compiler.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Committed {
    rustc: String,
    pub steps: Vec<Step>,
    pub passes: Vec<Passes>,
}

/// A figure that moved.
struct Move<'a> {
    what: &'a str,
    old: u64,
    new: u64,
}

impl Committed {
    /// Of the compiler in use.
    pub fn new(steps: Vec<Step>, passes: Vec<Passes>) -> Result<Self> {
        Ok(Self { rustc: compiler()?, steps, passes })
    }

    /// Makes it the committed one.
    pub fn write(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(root().join(PATH), text + "\n")
            .with_context(|| format!("cannot write {PATH}"))?;
        eprintln!("wrote {PATH}");
        Ok(())
    }

    /// Compares what was counted here with the committed table, which may have more cores.
    pub fn compare(&self) -> Result<Agreement> {
        let text = std::fs::read_to_string(root().join(PATH))
            .with_context(|| format!("cannot read {PATH}; {BLESS} writes it"))?;
        let committed = serde_json::from_str(&text)
            .with_context(|| format!("{PATH} is damaged; {BLESS} writes it anew"))?;
        self.agreement(&committed)
    }

    fn agreement(&self, committed: &Self) -> Result<Agreement> {
        if self.rustc != committed.rustc {
            return Ok(Agreement::OtherCompiler(format!(
                "instructions are not compared: the committed ones were made by {}, these by {}",
                committed.rustc, self.rustc
            )));
        }
        let (new, old) = (self.figures(), committed.figures());
        let mut pairs = Vec::new();
        for (what, new) in &new {
            let Some((_, old)) = old.iter().find(|(other, _)| other == what) else {
                bail!("{PATH} has no {what}; {BLESS} writes it anew");
            };
            pairs.push(Move { what, old: *old, new: *new });
        }
        let risen = said(&pairs, |move_| move_.percent() > TOLERANCE);
        let fallen = said(&pairs, |move_| move_.percent() < -TOLERANCE);
        if !fallen.is_empty() {
            eprintln!(
                "instructions fell by more than {TOLERANCE} % below {PATH}:\n{fallen}\
                 to hold them there: {BLESS}, and commit the file"
            );
        }
        if !risen.is_empty() {
            bail!(
                "instructions rose by more than {TOLERANCE} % over {PATH} (same compiler, {}):\n{risen}\
                 where they may: {BLESS}, and commit the file",
                self.rustc
            );
        }
        Ok(Agreement::Full)
    }

    /// What each figure is, and its value.
    fn figures(&self) -> Vec<(String, u64)> {
        let steps = self.steps.iter().map(|step| {
            let Step { core, network, batch, optimizer, instructions } = step;
            (format!("step of {optimizer} on {network}, batch {batch}, {core}"), *instructions)
        });
        let passes = self.passes.iter().map(|passes| {
            let Passes { core, form, parameters, instructions, .. } = passes;
            (format!("passes of {form} over {parameters} parameters, {core}"), *instructions)
        });
        steps.chain(passes).collect()
    }
}

impl Move<'_> {
    fn percent(&self) -> f64 {
        100.0 * (self.new as f64 - self.old as f64) / self.old as f64
    }
}

/// A line on each figure for which this holds.
fn said(moves: &[Move], holds: impl Fn(&Move) -> bool) -> String {
    let chosen = moves.iter().filter(|move_| holds(move_));
    let lines = chosen.map(|move_| {
        let Move { what, old, new } = move_;
        format!("  {what}: was {old}, is {new} ({:+.1} %)\n", move_.percent())
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed() -> Committed {
        let step = |core: &str| Step {
            core: core.to_owned(),
            network: "1-2-3".to_owned(),
            batch: 1,
            optimizer: "sgd".to_owned(),
            instructions: 1_000,
        };
        let passes = Passes {
            core: "one".to_owned(),
            form: "contact".to_owned(),
            parameters: 200,
            gradients: 1,
            losses: 1,
            instructions: 1_000,
        };
        let rustc = "rustc 1".to_owned();
        Committed { rustc, steps: vec![step("one"), step("two")], passes: vec![passes] }
    }

    /// The agreement with [`committed`] after a change, or the message.
    fn changed(change: impl FnOnce(&mut Committed)) -> Result<Agreement, String> {
        let mut measured = committed();
        change(&mut measured);
        measured.agreement(&committed()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_figure_that_rose_by_over_two_per_cent_is_named_with_both_values() {
        let message = changed(|measured| measured.steps[1].instructions = 1_021).unwrap_err();
        let expected = "step of sgd on 1-2-3, batch 1, two: was 1000, is 1021 (+2.1 %)";
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains(", one: was"), "{message}");
        let message = changed(|measured| measured.passes[0].instructions = 1_500).unwrap_err();
        let expected = "passes of contact over 200 parameters, one: was 1000, is 1500 (+50.0 %)";
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn two_per_cent_more_and_anything_less_is_no_failure() {
        for instructions in [1_020, 1_000, 10] {
            let change = |measured: &mut Committed| measured.steps[0].instructions = instructions;
            assert_eq!(changed(change), Ok(Agreement::Full));
        }
    }

    #[test]
    fn a_fall_elsewhere_does_not_make_up_for_a_rise() {
        let change = |measured: &mut Committed| {
            measured.steps[0].instructions = 10;
            measured.steps[1].instructions = 1_030;
        };
        assert!(changed(change).unwrap_err().contains("(+3.0 %)"));
    }

    #[test]
    fn what_fell_by_over_two_per_cent_is_told() {
        let moves =
            [Move { what: "a", old: 1_000, new: 979 }, Move { what: "b", old: 1_000, new: 980 }];
        let text = said(&moves, |move_| move_.percent() < -TOLERANCE);
        assert_eq!(text, "  a: was 1000, is 979 (-2.1 %)\n");
    }

    #[test]
    fn cores_that_were_not_counted_are_left_out() {
        assert_eq!(changed(|measured| drop(measured.steps.pop())), Ok(Agreement::Full));
    }

    #[test]
    fn a_figure_that_is_not_committed_is_an_error() {
        let message = changed(|measured| measured.steps[0].batch = 8).unwrap_err();
        assert!(message.contains("has no step of sgd on 1-2-3, batch 8, one"), "{message}");
    }

    #[test]
    fn instructions_of_another_compiler_are_said_not_to_be_compared() {
        let agreement = changed(|measured| {
            measured.rustc = "rustc 2".to_owned();
            measured.steps[0].instructions = 2_000;
        });
        let Ok(Agreement::OtherCompiler(reason)) = agreement else { panic!("{agreement:?}") };
        assert!(reason.contains("rustc 1") && reason.contains("rustc 2"), "{reason}");
    }
}
