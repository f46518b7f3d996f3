//! Instructions of the kernels on the desktop, as callgrind counts them, and the committed table of
//! them.
//!
//! Valgrind is driven from here, by its own options. The crates that do this need a second program
//! of exactly their version to be installed, which nobody who has only cargo and valgrind has.

use crate::bench::guard::{Figures, Guard};
use crate::cores::Agreement;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbench::table::grouped;
use workbench::table::markdown;
use workbench::workspace::{capture, cargo, compiler, root};

const GUARD: Guard = Guard {
    path: "benches/instructions.json",
    bless: "cargo xtask bench --only kernels --write",
    unit: "instructions",
};

/// What was counted, and with which compiler.
#[derive(Deserialize, Serialize)]
pub struct Instructions {
    rustc: String,
    counts: Vec<Count>,
}

/// A piece of work at a level.
#[derive(Deserialize, Serialize)]
struct Count {
    level: String,
    work: String,
    instructions: u64,
}

impl Instructions {
    /// Counts all work at each level that valgrind knows.
    pub fn count() -> Result<Self> {
        let program = program()?;
        let folder = root().join("target/bench/callgrind");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let mut valgrind = Command::new("valgrind");
        // Counts inside of the one function, and writes what it has before each call of the other.
        valgrind.args(["--tool=callgrind", "--collect-atstart=no"]);
        valgrind.args(["--toggle-collect=instructions::counted*"]);
        valgrind.args(["--dump-before=instructions::reported*", "--callgrind-out-file=out"]);
        let said = capture(valgrind.arg(program).current_dir(&folder), "callgrind")?;
        let counts: Result<Vec<Count>> = (1..)
            .zip(said.lines())
            .map(|(number, line)| {
                let (level, work) = line.split_once(' ').context("a line without a level")?;
                let instructions = instructions(&folder.join(format!("out.{number}")))?;
                Ok(Count { level: level.to_owned(), work: work.to_owned(), instructions })
            })
            .collect();
        let counts = counts?;
        ensure!(!counts.is_empty(), "callgrind counted nothing");
        Ok(Self { rustc: compiler()?, counts })
    }

    /// Makes it the committed table.
    pub fn write(&self) -> Result<()> {
        GUARD.write(self)
    }

    /// Fails where a count is more than the committed one.
    pub fn compare(&self) -> Result<Agreement> {
        GUARD.agreement(&self.figures(), &GUARD.read::<Self>()?.figures())
    }

    fn figures(&self) -> Figures<'_> {
        let counts = self
            .counts
            .iter()
            .map(|Count { level, work, instructions }| (format!("{work}, {level}"), *instructions));
        Figures { rustc: &self.rustc, counts: counts.collect(), told: Vec::new() }
    }

    /// Rows are work, columns levels.
    pub fn table(&self) -> String {
        let mut levels: Vec<&str> = self.counts.iter().map(|count| count.level.as_str()).collect();
        levels.dedup();
        let first = levels.first().copied();
        let work = self.counts.iter().filter(|count| Some(count.level.as_str()) == first);
        let header = ["work"].iter().chain(&levels).map(|&word| word.to_owned()).collect();
        let rows = work.map(|Count { work, .. }| {
            let figures = self.counts.iter().filter(|count| count.work == *work);
            [work.clone()]
                .into_iter()
                .chain(figures.map(|count| grouped(count.instructions)))
                .collect()
        });
        markdown(header, rows)
    }
}

/// Builds the work, and says where the program is.
fn program() -> Result<PathBuf> {
    let arguments = ["build", "--release", "--locked", "--features", "simd", "--bench"];
    let mut build = cargo();
    build.args(arguments).args(["instructions", "--message-format", "json"]);
    let messages = capture(&mut build, "building benches/instructions.rs")?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str(line).ok());
    let mut executables = messages.filter_map(|message: serde_json::Value| {
        message.get("executable")?.as_str().map(PathBuf::from)
    });
    executables.next_back().context("cargo built no program from benches/instructions.rs")
}

/// The sum in a file that callgrind wrote.
fn instructions(path: &Path) -> Result<u64> {
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("callgrind left no {shown}"))?;
    summary(&text).with_context(|| format!("there is no summary in {shown}"))
}

fn summary(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("summary:"));
    line?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_a_file_of_callgrind_is_found() {
        let text =
            "version: 1\npart: 3\ndesc: Trigger: none\n\nevents: Ir\nsummary: 158594\n\nfn=(1)\n";
        assert_eq!(summary(text), Some(158_594));
        assert_eq!(summary("events: Ir\n"), None);
    }

    #[test]
    fn the_table_has_a_column_for_each_level() {
        let count = |level: &str, work: &str, instructions| Count {
            level: level.to_owned(),
            work: work.to_owned(),
            instructions,
        };
        let counts = vec![
            count("Baseline", "dot", 4_000),
            count("Baseline", "roll", 9_000),
            count("Avx2", "dot", 2_000),
            count("Avx2", "roll", 5_000),
        ];
        let table = Instructions { rustc: "rustc 1".to_owned(), counts }.table();
        let rows: Vec<String> = table.lines().map(|line| line.replace(' ', "")).collect();
        assert_eq!(rows[0], "|work|Baseline|Avx2|");
        assert_eq!(rows[2..], ["|dot|4000|2000|", "|roll|9000|5000|"]);
    }
}
