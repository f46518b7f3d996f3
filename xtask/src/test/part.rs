//! A part of the tests, which is run by its name.

use super::TestArgs;
use crate::cores::Agreement;
use anyhow::Result;
use libtest_mimic::{Completion, Trial};
use std::fmt::Display;
use std::io::{IsTerminal, stderr};
use std::time::Instant;
use workbench::document::RELIABILITY;
use workbench::setup;

/// A program, and the Debian package that holds it.
pub type Program = (&'static str, &'static str);

/// What firmware runs on.
pub const QEMU: Program = ("qemu-system-arm", "qemu-system-arm");

/// Tests that are run by one name.
pub struct Part {
    name: &'static str,
    install: bool,
    durations: bool,
    long: bool,
    programs: Vec<Program>,
    targets: Vec<&'static str>,
    trials: Vec<Trial>,
}

impl Part {
    /// A part without a test.
    pub fn new(name: &'static str, args: &TestArgs) -> Self {
        let TestArgs { install, durations, long, .. } = *args;
        let (programs, targets, trials) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, install, durations, long, programs, targets, trials }
    }

    /// The tests that follow need these programs. One that is missing is installed where that is
    /// allowed; where it is not, they are skipped.
    pub fn needs(mut self, programs: &[Program]) -> Self {
        self.programs = programs.to_vec();
        self
    }

    /// The tests that follow build for these Rust targets, which are installed where they are
    /// missing.
    pub fn builds_for(mut self, targets: &[&'static str]) -> Self {
        self.targets = targets.to_vec();
        self
    }

    /// Adds a test, whose name is a sentence.
    pub fn test(
        self,
        sentence: impl Into<String>,
        check: impl FnOnce() -> Result<()> + Send + 'static,
    ) -> Self {
        self.test_or_skip(sentence, || check().map(|()| Completion::Completed))
    }

    /// Adds a test that takes more than a minute, and is skipped without --long.
    pub fn long_test(
        self,
        sentence: impl Into<String>,
        check: impl FnOnce() -> Result<()> + Send + 'static,
    ) -> Self {
        self.long_test_or_skip(sentence, || check().map(|()| Completion::Completed))
    }

    /// Adds a test that takes more than a minute, and may find out that it cannot be made here.
    pub fn long_test_or_skip(
        mut self,
        sentence: impl Into<String>,
        check: impl FnOnce() -> Result<Completion> + Send + 'static,
    ) -> Self {
        if self.long {
            return self.test_or_skip(sentence, check);
        }
        let command = format!("cargo xtask test {} --long", self.name);
        let skip = move || Ok(skipped(format!("takes more than a minute: {command}")));
        self.trials.push(Trial::ignorable_test(sentence, skip).with_kind(self.name));
        self
    }

    /// Adds a test that may find out that it cannot be made here.
    pub fn test_or_skip(
        mut self,
        sentence: impl Into<String>,
        check: impl FnOnce() -> Result<Completion> + Send + 'static,
    ) -> Self {
        let Self { install, durations, .. } = self;
        let (programs, targets) = (self.programs.clone(), self.targets.clone());
        let run = move || {
            if stderr().is_terminal() {
                // A progress bar would take the place of the test's name.
                eprintln!();
            }
            for (program, package) in programs {
                if let Err(reason) = setup::debian_package(program, package, install) {
                    return Ok(skipped(format!("{reason:#}")));
                }
            }
            if !targets.is_empty() {
                setup::rust_targets(&targets)?;
            }
            check()
        };
        let timed = move || {
            let start = Instant::now();
            let ended = run();
            if durations {
                eprint!("({:.1} s) ", start.elapsed().as_secs_f64());
            }
            ended.map_err(|error: anyhow::Error| format!("{error:#}").into())
        };
        self.trials.push(Trial::ignorable_test(sentence, timed).with_kind(self.name));
        self
    }

    /// Its tests.
    pub fn trials(self) -> Vec<Trial> {
        self.trials
    }
}

/// A test that was not made, said loudly.
pub fn skipped(reason: impl Display) -> Completion {
    Completion::ignored_with(format!("SKIPPED: {reason}"))
}

/// A figure that a test finds on its way, on a line of its own.
pub fn tell(figure: impl Display) {
    println!("\n{figure}");
}

/// Prints a part of docs/reliability.md, and writes it there with --write.
pub fn report(write: bool, title: &'static str, text: &str) -> Result<()> {
    println!("\n## {title}\n\n{}\n", text.trim());
    if write { RELIABILITY.replace(title, text) } else { Ok(()) }
}

/// A comparison with what was committed, which another compiler makes void.
pub fn compared(agreement: Agreement) -> Completion {
    match agreement {
        Agreement::Full => Completion::Completed,
        Agreement::OtherCompiler(reason) => skipped(reason),
    }
}
