//! The examples of the library.

use super::TestArgs;
use super::part::Part;
use super::watch::watch;
use anyhow::ensure;
use workbench::workspace::{FEATURES, cargo};

/// In reading order.
const EXAMPLES: [&str; 11] = [
    "first_step",
    "ask_and_tell",
    "embassy_task",
    "wrinkles",
    "train_network",
    "few_bits",
    "losses_only",
    "cnn",
    "frozen_backbone",
    "import_and_fine_tune",
    "save_and_resume",
    "authenticated_checkpoint",
];

pub fn part(args: &TestArgs) -> Part {
    let mut part = Part::new("examples", args);
    for example in EXAMPLES {
        part = part.test(format!("the_example_{example}_runs"), move || {
            let mut command = cargo();
            // As the library's tests were built, which build the examples too.
            command.args(["run", "--quiet", "--profile", "test", "--locked"]);
            command.args(["--features", FEATURES, "--example", example]);
            let said = watch(command)?;
            ensure!(!said.trim().is_empty(), "the example {example} says nothing");
            Ok(())
        });
    }
    part
}
