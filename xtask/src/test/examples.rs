//! The examples of the library.

use super::TestArgs;
use super::part::Part;
use super::watch::watch;
use anyhow::{Result, ensure};
use std::ffi::OsStr;
use std::fs;
use workbench::workspace::{FEATURES, cargo, root};

/// In reading order.
const EXAMPLES: [&str; 13] = [
    "first_step",
    "ask_and_tell",
    "embassy_task",
    "wrinkles",
    "train_network",
    "few_bits",
    "losses_only",
    "tune_a_controller",
    "cnn",
    "frozen_backbone",
    "import_and_fine_tune",
    "save_and_resume",
    "authenticated_checkpoint",
];

pub fn part(args: &TestArgs) -> Part {
    let mut part =
        Part::new("examples", args).test("every_example_is_one_of_those_that_are_run", || {
            let files = fs::read_dir(root().join("examples"))?;
            let names = files.map(|file| Ok(file?.path().with_extension("")));
            let mut names = names.collect::<Result<Vec<_>>>()?;
            names.retain(|path| {
                !EXAMPLES.iter().any(|example| path.file_name() == Some(OsStr::new(example)))
            });
            ensure!(names.is_empty(), "not among the examples that are run: {names:?}");
            Ok(())
        });
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
