//! Committed tables of instructions or bytes, and the comparison with them. They are the
//! compiler's: those of another one are not compared.

use crate::cores::Agreement;
use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use workbench::workspace::root;

/// By how much a figure may rise or fall before it is told, in per cent of what it was.
const TOLERANCE: f64 = 2.0;

/// A committed table.
pub struct Guard {
    /// In the repository.
    pub path: &'static str,
    /// The command that writes it.
    pub bless: &'static str,
    /// What is counted.
    pub unit: &'static str,
}

/// What a table says: what each figure is, and its value.
pub struct Figures<'a> {
    pub rustc: &'a str,
    /// None of these may rise.
    pub counts: Vec<(String, u64)>,
    /// That these moved is told, and is no failure.
    pub told: Vec<(String, u64)>,
}

/// A figure that moved.
struct Move<'a> {
    what: &'a str,
    old: u64,
    new: u64,
}

impl Guard {
    /// Makes this the committed table.
    pub fn write(&self, table: &impl Serialize) -> Result<()> {
        let Self { path, .. } = self;
        let text = serde_json::to_string_pretty(table)?;
        std::fs::write(root().join(path), text + "\n")
            .with_context(|| format!("cannot write {path}"))?;
        eprintln!("wrote {path}");
        Ok(())
    }

    /// The committed table.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        let Self { path, bless, .. } = self;
        let text = std::fs::read_to_string(root().join(path))
            .with_context(|| format!("cannot read {path}; {bless} writes it"))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{path} is damaged; {bless} writes it anew"))
    }

    /// Compares what was counted here with the committed figures, of which there may be more, and
    /// fails where one rose.
    pub fn agreement(&self, new: &Figures, committed: &Figures) -> Result<Agreement> {
        let Self { path, bless, unit } = self;
        if new.rustc != committed.rustc {
            return Ok(Agreement::OtherCompiler(format!(
                "{unit} are not compared: the committed ones were made by {}, these by {}",
                committed.rustc, new.rustc
            )));
        }
        let told = self.moves(&new.told, &committed.told)?;
        let moved = said(&told, |move_| move_.percent().abs() > TOLERANCE);
        if !moved.is_empty() {
            eprintln!(
                "moved by more than {TOLERANCE} % from {path}, which is no failure:\n{moved}"
            );
        }
        let moves = self.moves(&new.counts, &committed.counts)?;
        let risen = said(&moves, |move_| move_.percent() > TOLERANCE);
        let fallen = said(&moves, |move_| move_.percent() < -TOLERANCE);
        if !fallen.is_empty() {
            eprintln!(
                "{unit} fell by more than {TOLERANCE} % below {path}:\n{fallen}\
                 to hold them there: {bless}, and commit the file"
            );
        }
        if !risen.is_empty() {
            bail!(
                "{unit} rose by more than {TOLERANCE} % over {path} (same compiler, \
                 {}):\n{risen}where they may: {bless}, and commit the file",
                new.rustc
            );
        }
        Ok(Agreement::Full)
    }

    fn moves<'a>(
        &self,
        new: &'a [(String, u64)],
        committed: &[(String, u64)],
    ) -> Result<Vec<Move<'a>>> {
        let Self { path, bless, .. } = self;
        let moves = new.iter().map(|(what, count)| {
            let old = committed.iter().find(|(other, _)| other == what);
            let (_, old) =
                old.with_context(|| format!("{path} has no {what}; {bless} writes it anew"))?;
            Ok(Move { what, old: *old, new: *count })
        });
        moves.collect()
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

    const GUARD: Guard = Guard { path: "the/table.json", bless: "write it", unit: "instructions" };

    fn figures(counts: &[(&str, u64)]) -> Figures<'static> {
        let counts = counts.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect();
        Figures { rustc: "rustc 1", counts, told: Vec::new() }
    }

    /// The agreement of these with a table of `one` and `two`, or the message.
    fn compared(new: &Figures) -> Result<Agreement, String> {
        let committed = figures(&[("one", 1_000), ("two", 1_000)]);
        GUARD.agreement(new, &committed).map_err(|error| error.to_string())
    }

    #[test]
    fn a_figure_that_rose_by_over_two_per_cent_is_named_with_both_values() {
        let message = compared(&figures(&[("one", 1_000), ("two", 1_021)])).unwrap_err();
        assert!(message.contains("  two: was 1000, is 1021 (+2.1 %)"), "{message}");
        assert!(!message.contains("one: was"), "{message}");
    }

    #[test]
    fn two_per_cent_more_and_anything_less_is_no_failure() {
        for count in [1_020, 1_000, 10] {
            assert_eq!(compared(&figures(&[("one", count)])), Ok(Agreement::Full));
        }
    }

    #[test]
    fn a_fall_elsewhere_does_not_make_up_for_a_rise() {
        let message = compared(&figures(&[("one", 10), ("two", 1_030)])).unwrap_err();
        assert!(message.contains("(+3.0 %)"), "{message}");
    }

    #[test]
    fn what_fell_by_over_two_per_cent_is_told() {
        let moves =
            [Move { what: "a", old: 1_000, new: 979 }, Move { what: "b", old: 1_000, new: 980 }];
        let text = said(&moves, |move_| move_.percent() < -TOLERANCE);
        assert_eq!(text, "  a: was 1000, is 979 (-2.1 %)\n");
    }

    #[test]
    fn what_is_only_told_may_rise() {
        let told = |count| Figures { told: vec![("a".to_owned(), count)], ..figures(&[]) };
        let agreement = GUARD.agreement(&told(2_000), &told(1_000));
        assert_eq!(agreement.ok(), Some(Agreement::Full));
    }

    #[test]
    fn what_was_not_counted_is_left_out() {
        assert_eq!(compared(&figures(&[("two", 1_000)])), Ok(Agreement::Full));
    }

    #[test]
    fn a_figure_that_is_not_committed_is_an_error() {
        let message = compared(&figures(&[("three", 1_000)])).unwrap_err();
        assert_eq!(message, "the/table.json has no three; write it writes it anew");
    }

    #[test]
    fn instructions_of_another_compiler_are_said_not_to_be_compared() {
        let agreement = compared(&Figures { rustc: "rustc 2", ..figures(&[("one", 2_000)]) });
        let Ok(Agreement::OtherCompiler(reason)) = agreement else { panic!("{agreement:?}") };
        assert!(reason.contains("rustc 1") && reason.contains("rustc 2"), "{reason}");
    }
}
