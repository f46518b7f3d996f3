//! No panic and no allocator, whatever profile a user builds with: read from the symbols of
//! binaries that call every entry point.

mod profile;

use super::part::{Part, report};
use super::watch::{cargo_test, watch};
use super::{FORBIDDEN, TestArgs};
use crate::device::{calls, elf};
use anyhow::{Result, ensure};
use profile::{
    CHECKED, CHECKED_EVERYWHERE, CHECKED_SMALLEST, FIRMWARE, PROFILES, Profile, RELEASE, SMALL,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use workbench::document::PANICS;
use workbench::progress;
use workbench::table::{grouped, markdown};
use workbench::workspace::{cargo, root};

/// The columns of the table: a core, and its target.
const CORES: [(&str, &str); 4] = [
    ("Cortex-M0", "thumbv6m-none-eabi"),
    ("Cortex-M4F", "thumbv7em-none-eabihf"),
    ("Cortex-M33", "thumbv8m.main-none-eabihf"),
    ("RV32IMAC", "riscv32imac-unknown-none-elf"),
];

/// What is built every time; all of it takes some minutes.
const ALWAYS: [(Profile, &str); 5] = [
    (RELEASE, "Cortex-M4F"),
    (FIRMWARE, "Cortex-M4F"),
    // Where little is optimised, a check remains that is proved away elsewhere.
    (CHECKED_SMALLEST, "Cortex-M0"),
    (CHECKED, "Cortex-M33"),
    (SMALL, "RV32IMAC"),
];

pub fn part(args: &TestArgs) -> Part {
    let write = args.write;
    let mut part = Part::new("panics", args).builds_for(&CORES.map(|(_, target)| target));
    for (profile, core) in ALWAYS {
        let sentence = format!(
            "no_entry_point_can_panic_or_allocate_by_{}_on_{}",
            in_a_sentence(profile.name),
            in_a_sentence(core)
        );
        part = part.test(sentence, move || Cell::new(&profile, target_of(core))?.check());
    }
    let sentence = "no_entry_point_can_panic_or_allocate_by_any_profile_on_any_core";
    part = part.long_test(sentence, move || report(write, PANICS, &table()?));
    part.long_test("no_float_overflows_an_integer_in_libm_or_micromath", every_float)
}

/// Calls the functions of these dependencies with every float, with their overflow checks on.
fn every_float() -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--locked", "--release", "--package", "rolling-ball"]);
    command.args(["--features", "micromath", "--test", "kernels"]);
    command.args(["--config", "profile.release.overflow-checks=true", "--target-dir"]);
    command.args(["target/panics", "--", "--ignored", "no_float_overflows"]);
    cargo_test(command)
}

/// A profile on a core.
struct Cell {
    name: String,
    binary: PathBuf,
    /// What must not be in there.
    symbols: BTreeSet<String>,
    text_bytes: u64,
}

impl Cell {
    fn new(profile: &Profile, target: &str) -> Result<Self> {
        let binary = build(profile, target)?;
        let symbols = elf::symbols_matching(&binary, &FORBIDDEN)?;
        let symbols = symbols.into_iter().filter(|name| is_forbidden(name)).collect();
        // An empty list proves something only where the core is in there.
        ensure!(
            !elf::symbols_matching(&binary, &["rolling_ball::"])?.is_empty(),
            "the binary of every entry point does not contain the core: was it linked away?"
        );
        let text_bytes = elf::section_bytes(&binary, ".text")?;
        Ok(Self { name: format!("{} for {target}", profile.name), binary, symbols, text_bytes })
    }

    /// The functions that refer to what must not be in there.
    fn callers(&self) -> Result<BTreeSet<String>> {
        calls::callers_of(&self.binary, is_forbidden)
    }

    fn check(&self) -> Result<()> {
        let Self { name, symbols, .. } = self;
        if symbols.is_empty() {
            return Ok(());
        }
        let callers = Vec::from_iter(self.callers()?).join("\n  ");
        anyhow::bail!("built by {name}, the core contains {symbols:?}, called by\n  {callers}")
    }
}

/// The package's own name is in the names of all its functions.
fn is_forbidden(name: &str) -> bool {
    let name = name.replace("panic_check", "");
    FORBIDDEN.iter().any(|forbidden| name.contains(forbidden))
}

fn build(profile: &Profile, target: &str) -> Result<PathBuf> {
    let folder = Path::new("target/panics");
    let mut command = cargo();
    command.current_dir(root().join("boards"));
    command.args(["build", "--locked", "--release", "--package", "panic_check"]);
    command.args(["--target", target, "--target-dir"]).arg(folder);
    command.args(profile.arguments());
    command.env("CARGO_ENCODED_RUSTFLAGS", calls::KEEP_RELOCATIONS);
    watch(command)?;
    Ok(root().join("boards").join(folder).join(target).join("release/panic_check"))
}

fn target_of(core: &str) -> &'static str {
    CORES.iter().find(|(name, _)| *name == core).map_or("", |(_, target)| target)
}

fn in_a_sentence(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    words.join("_")
}

/// All profiles on all cores, and what dependencies keep.
fn table() -> Result<String> {
    let bar = progress::bar("looking for panics", "binaries");
    bar.set_length((PROFILES.len() * CORES.len() + 1) as u64);
    let mut rows = Vec::new();
    for profile in &PROFILES {
        let mut row = vec![profile.name.to_owned()];
        for (_, target) in CORES {
            let cell = Cell::new(profile, target)?;
            cell.check()?;
            row.push(format!("{}; {}", cell.symbols.len(), grouped(cell.text_bytes)));
            bar.inc(1);
        }
        rows.push(row);
    }
    let everywhere = Cell::new(&CHECKED_EVERYWHERE, target_of("Cortex-M4F"))?.callers()?;
    bar.inc(1);
    bar.finish_and_clear();
    let header = ["profile"].into_iter().chain(CORES.map(|(core, _)| core)).map(str::to_owned);
    let table = markdown(header.collect(), rows.into_iter());
    let kept: Vec<_> = everywhere.iter().map(|name| format!("- `{name}`")).collect();
    Ok(format!(
        "`cargo xtask test panics --long`: `boards/panic_check` calls every entry point of the \
         core with what the compiler cannot know. In each cell: how many symbols of panics, of an \
         allocator or of `core::fmt` the linked binary holds; the bytes of its code. What is not \
         said is as in cargo's release profile: opt-level 3, no LTO, 16 codegen units. Five of the \
         cells are built by `cargo xtask test panics` too.\n\n\
         {table}\n\n\
         With overflow checks, arithmetic of this crate that cannot overflow says so by wrapping \
         or saturating. The rows leave out the checks of libm, micromath and crc, which an \
         application turns on with its own, unless it says \
         `[profile.release.package.libm] overflow-checks = false`, and the same for the others. \
         Built with them too, on the Cortex-M4F, these functions keep one:\n\n\
         {}\n\n\
         None can be reached. crc shifts by 32 less the width of a checksum, which here is 32, and \
         less that of a table's index, which is 8. The functions of libm and micromath take one \
         float, and every one of the 2^32 was tried with the checks on (the other long test of \
         this command). `powf` takes two: `landscapes::Quadratic` alone calls it, and what it adds \
         and shifts are exponents that it has bounded by 150 before.",
        kept.join("\n")
    ))
}
