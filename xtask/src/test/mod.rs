//! `cargo xtask test`: everything, in the order in which a failure is cheapest to find.

mod architectures;
mod boards;
mod browser;
mod burn;
mod c;
mod columns;
mod cores;
mod device;
mod duty;
mod examples;
mod faults;
mod features;
mod files;
mod flash;
pub mod fleet;
mod flips;
mod fuzz;
mod gpu;
mod images;
mod instructions;
mod library;
mod licences;
mod lint;
mod logs;
mod memory;
mod miri;
mod msrv;
mod new;
mod nightly;
mod package;
mod panics;
pub mod part;
mod power;
mod python;
mod rehearsal;
mod soak;
mod speakers;
mod stack;
mod targets;
mod tools;
mod watch;

use anyhow::{Result, ensure};
use clap::Args;
use libtest_mimic::{Arguments, Trial};
use part::Part;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Run all tests, or some parts: lints, the library, the tools, and the firmware in the emulator
///
/// A test that fails does not keep the others from running; all failures are told at the end. What
/// a test needs and this machine does not have is installed as root or with --install; without
/// that the test is skipped, which is said.
#[derive(Args, Clone, Debug, Default)]
pub struct TestArgs {
    /// A part, or a piece of a test's name; several are all run [default: everything]
    #[arg(value_name = "PART")]
    parts: Vec<String>,
    /// List the tests, each with its part, and run none
    #[arg(long)]
    list: bool,
    /// Tell how long each test took
    #[arg(long)]
    durations: bool,
    /// Run the tests that take more than a minute too, such as an hour of random calls
    #[arg(long)]
    long: bool,
    /// Write the figures of the tests that are run into docs/reliability.md
    #[arg(long)]
    write: bool,
    /// Install what is missing with the system's package manager, through sudo if need be
    #[arg(long)]
    install: bool,
    /// The spoken digits, for the tests that need them
    /// [default: ../shared/data beside the repository, where it is]
    #[arg(long, value_name = "DIR")]
    fsdd: Option<PathBuf>,
}

/// The cores that the library must build for.
const TARGETS: [&str; 4] = [
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv8m.main-none-eabihf",
];

/// What a binary that cannot panic or allocate does not contain.
pub const FORBIDDEN: [&str; 6] =
    ["panic", "rust_begin_unwind", "__rust_alloc", "alloc::", "malloc", "core::fmt"];

/// The parts: first what needs no emulator and little building, last what builds hundreds of
/// crates.
const PARTS: &[fn(&TestArgs) -> Part] = &[
    lint::part,
    library::part,
    power::part,
    features::part,
    fuzz::part,
    msrv::part,
    package::part,
    miri::part,
    architectures::part,
    tools::part,
    files::part,
    rehearsal::part,
    examples::part,
    memory::part,
    targets::part,
    panics::part,
    stack::part,
    logs::part,
    device::part,
    faults::part,
    soak::part,
    flips::part,
    images::part,
    flash::part,
    fleet::part,
    cores::part,
    duty::part,
    c::part,
    instructions::part,
    speakers::part,
    boards::part,
    new::part,
    browser::part,
    burn::part,
    python::part,
    gpu::part,
];

/// Runs the command.
pub fn test(args: &TestArgs) -> Result<()> {
    let trials = chosen(PARTS.iter().flat_map(|part| part(args).trials()).collect(), &args.parts)?;
    // One after the other: each of them keeps all processors busy.
    let settings = Arguments { list: args.list, test_threads: Some(1), ..Arguments::default() };
    let conclusion = libtest_mimic::run(&settings, trials);
    let (passed, failed) = (conclusion.num_passed, conclusion.num_failed);
    ensure!(failed == 0, "{passed} passed, {failed} failed");
    Ok(())
}

/// Runs the part that formats and lints.
pub fn lint() -> Result<()> {
    test(&TestArgs { parts: vec!["lint".to_owned()], ..TestArgs::default() })
}

/// The tests of these parts; what is not the name of a part is a piece of a test's.
fn chosen(mut trials: Vec<Trial>, parts: &[String]) -> Result<Vec<Trial>> {
    let names: BTreeSet<String> = trials.iter().map(|trial| trial.kind().to_owned()).collect();
    let means = |part: &String, trial: &Trial| {
        if names.contains(part) { trial.kind() == part } else { trial.name().contains(part) }
    };
    for part in parts {
        ensure!(
            trials.iter().any(|trial| means(part, trial)),
            "no test has {part:?} in its name; expected that, or one of the parts {}",
            Vec::from_iter(names).join(", ")
        );
    }
    trials.retain(|trial| parts.is_empty() || parts.iter().any(|part| means(part, trial)));
    Ok(trials)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(parts: &[&str]) -> Result<Vec<String>> {
        let args = TestArgs::default();
        let trials = ["lint", "gpu"].map(|name| {
            Part::new(name, &args)
                .test(format!("{name}_is_good"), || Ok(()))
                .test(format!("{name}_is_fast"), || Ok(()))
                .trials()
        });
        let parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        let chosen = chosen(trials.into_iter().flatten().collect(), &parts)?;
        Ok(chosen.iter().map(|trial| trial.name().to_owned()).collect())
    }

    #[test]
    fn without_a_part_everything_is_run() -> Result<()> {
        assert_eq!(names(&[])?.len(), 4);
        Ok(())
    }

    #[test]
    fn parts_and_pieces_of_names_are_run_together() -> Result<()> {
        assert_eq!(names(&["gpu", "good"])?, ["lint_is_good", "gpu_is_good", "gpu_is_fast"]);
        Ok(())
    }

    #[test]
    fn the_name_of_a_part_is_not_looked_for_in_the_names_of_tests() -> Result<()> {
        let args = TestArgs::default();
        let trials = ["c", "cores"].map(|name| Part::new(name, &args).test("cores", || Ok(())));
        let trials = trials.into_iter().flat_map(Part::trials).collect();
        assert_eq!(chosen(trials, &["c".to_owned()])?.len(), 1);
        Ok(())
    }

    #[test]
    fn a_part_that_is_none_is_an_error_that_names_those_that_are() {
        let message = names(&["lnt"]).unwrap_err().to_string();
        assert!(message.contains("\"lnt\"") && message.contains("gpu, lint"), "{message}");
    }

    #[test]
    fn no_two_tests_have_the_same_name() {
        let args = TestArgs::default();
        let mut seen = BTreeSet::new();
        for trial in PARTS.iter().flat_map(|part| part(&args).trials()) {
            assert!(seen.insert(trial.name().to_owned()), "{} is there twice", trial.name());
        }
    }
}
