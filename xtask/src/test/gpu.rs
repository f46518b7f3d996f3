//! The library on a GPU: on whatever adapter there is, or on Mesa's on the processor.

use super::TestArgs;
use super::part::{Part, skipped, tell};
use super::watch::{cargo_test, watch};
use crate::lab;
use anyhow::{Error, Result};
use libtest_mimic::Completion;
use std::sync::OnceLock;
use workbench::setup;
use workbench::workspace::{FEATURES_WITH_GPU, cargo};

/// What the comparison with this processor said, which tells the tests whether there is an adapter.
static COMPARISON: OnceLock<Result<String, String>> = OnceLock::new();

/// The tests that need an adapter: a sentence, whether it takes minutes, and what cargo is told.
const TESTS: [(&str, bool, &[&str]); 2] = [
    (
        "the_librarys_tests_pass_on_a_gpu",
        true,
        &["--features", FEATURES_WITH_GPU, "--lib", "--test", "gpu"],
    ),
    (
        "the_examples_in_the_documentation_of_gpu_run",
        false,
        &["--features", FEATURES_WITH_GPU, "--doc", "src/gpu"],
    ),
];

pub fn part(args: &TestArgs) -> Part {
    let install = args.install;
    let mut part = Part::new("gpu", args).test_or_skip(
        "on_a_gpu_passes_landscapes_and_whole_trainings_are_those_of_the_processor",
        move || {
            let said = comparison(install)?;
            tell(&said);
            Ok(without_adapter(&said).unwrap_or(Completion::Completed))
        },
    );
    for (sentence, long, arguments) in TESTS {
        let check = move || {
            if let Some(skipped) = without_adapter(&comparison(install)?) {
                return Ok(skipped);
            }
            let mut command = cargo();
            command.args(["test", "--release", "--locked", "--no-fail-fast"]).args(arguments);
            command.env("ROLLING_BALL_REQUIRE_GPU", "1");
            cargo_test(command)?;
            Ok(Completion::Completed)
        };
        part = match long {
            true => part.long_test_or_skip(sentence, check),
            false => part.test_or_skip(sentence, check),
        };
    }
    part
}

fn comparison(install: bool) -> Result<String> {
    let compare = || {
        let mut command = lab::command(&["gpu"]);
        if setup::may_install(install)? {
            command.args(["--require", "--install"]);
        }
        watch(command)
    };
    let said = COMPARISON.get_or_init(|| compare().map_err(|error: Error| format!("{error:#}")));
    said.clone().map_err(Error::msg)
}

/// The comparison says so where there is nothing to compare with.
fn without_adapter(said: &str) -> Option<Completion> {
    said.lines().find_map(|line| line.strip_prefix("SKIPPED: ")).map(skipped)
}
