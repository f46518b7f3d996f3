//! Random calls, bytes and files: for some seconds, and with --long for an hour.

use super::TestArgs;
use super::part::{Part, report};
use super::watch::watch;
use crate::fuzz::{FuzzArgs, driver};
use workbench::document::FUZZING;

/// How long the normal tests fuzz, and the long ones.
const SECONDS: u64 = 28;
const HOUR: u64 = 3600;

pub fn part(args: &TestArgs) -> Part {
    let write = args.write;
    Part::new("fuzz", args)
        .test("random_calls_bytes_and_files_break_no_promise", || {
            watch(driver(&FuzzArgs { seconds: SECONDS, ..FuzzArgs::new() }))?;
            Ok(())
        })
        .long_test("an_hour_of_random_calls_bytes_and_files_breaks_no_promise", move || {
            // Other inputs than those of the normal tests.
            let output = watch(driver(&FuzzArgs { seconds: HOUR, seed: 2, ..FuzzArgs::new() }))?;
            report(write, FUZZING, &text(&output))
        })
}

/// What docs/reliability.md says: the table that the driver printed, and what it means.
fn text(output: &str) -> String {
    let table: Vec<&str> = output.lines().filter(|line| line.starts_with('|')).collect();
    format!(
        "`cargo xtask test --long fuzz --write` divides an hour among the targets of `fuzz/`, on \
         all cores, with debug assertions and overflow checks. An execution is an input, which is \
         a sequence of calls; after each it is checked what the documentation promises. No input \
         failed.\n\n{}\n",
        table.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_the_rows_that_the_driver_printed_and_nothing_else_of_it() {
        let text = text("Compiling\n| target | executions |\n|---|---|\n| int8 | 5 |\n");
        assert!(text.ends_with("\n\n| target | executions |\n|---|---|\n| int8 | 5 |\n"), "{text}");
        assert!(!text.contains("Compiling"));
    }
}
