//! Files that are made to do harm.

use super::TestArgs;
use super::part::{Part, report};
use super::watch::watch;
use anyhow::ensure;
use workbench::document::FILES;
use workbench::workspace::cargo;

pub fn part(args: &TestArgs) -> Part {
    let write = args.write;
    Part::new("files", args).test("no_file_makes_an_import_take_more_than_it_may", move || {
        let mut command = cargo();
        // As the tests of the tools are built, so that nothing is built anew.
        command.args(["test", "--release", "--workspace", "--exclude", "rolling-ball", "--locked"]);
        command.args(["--test", "hostile_files", "--", "--nocapture"]);
        let output = watch(command)?;
        let rows: Vec<&str> = output.lines().filter(|line| line.starts_with('|')).collect();
        ensure!(rows.len() > 3, "the test of hostile files printed no table:\n{output}");
        let text = format!("{OPENING}\n\n{}", rows.join("\n"));
        report(write, FILES, &text)
    })
}

const OPENING: &str = "`cargo xtask test files` imports models and descriptions that are as large \
                       or as misleading as they can be, and counts the bytes that are allocated \
                       at a time. What a description or a header asks for is checked before \
                       memory is taken for it.\n\
                       [docs/import.md](import.md#what-a-file-can-do) has the limits.";
