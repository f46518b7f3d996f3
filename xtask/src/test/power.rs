//! The power fails in every operation of a save, on models of flashes with and without error
//! correction.

use super::TestArgs;
use super::part::{Part, report};
use super::watch::watch;
use anyhow::{Result, ensure};
use workbench::document::POWER;
use workbench::workspace::{FEATURES, cargo};

/// The tests that tell figures.
const TESTS: [&str; 2] = [
    "unreadable::a_save_that_is_cut_in_any_operation_leaves_the_old_or_the_new_checkpoint",
    "sequence_numbers::\
     whatever_the_numbers_say_a_power_failure_leaves_the_old_or_the_new_checkpoint",
];

/// How a line begins that says a figure, after the tests' own words.
const FIGURE: &str = "figure: ";

pub fn part(args: &TestArgs) -> Part {
    let write = args.write;
    Part::new("power", args).test(
        "a_power_failure_anywhere_in_a_save_leaves_the_old_or_the_new_checkpoint",
        move || {
            // As the library's tests were built.
            let mut command = cargo();
            command.args(["test", "--package", "rolling-ball", "--locked"]);
            command.args(["--features", FEATURES, "--test", "checkpoints", "--"]);
            command.args(TESTS).args(["--exact", "--nocapture", "--test-threads", "1"]);
            report(write, POWER, &text(&watch(command)?)?)
        },
    )
}

/// The part of the document, of what the tests said.
fn text(said: &str) -> Result<String> {
    let table: Vec<&str> = said.lines().filter(|line| line.starts_with('|')).collect();
    let figures: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix(FIGURE)).collect();
    ensure!(table.len() > 2 && !figures.is_empty(), "the tests told no figures:\n{said}");
    Ok(format!(
        "`cargo xtask test power` cuts the power in each operation (a word written, a block \
         erased) of the sixth save of a ball with 40 parameters, on a flash that writes 8 bytes \
         and erases 256. A flash with error correction cannot read what was interrupted until it \
         is erased; some cannot read erased words either. The old checkpoint or the new one must \
         be resumed, with the same bits, and the save made again be resumed in its turn.\n\n\
         {}\n\n{}\n",
        table.join("\n"),
        figures.join("\n")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_tells_no_figures_fails() {
        assert!(text("test a ... ok\n").is_err());
        let told = text("test a ... \n| a |\n|---|\n| 1 |\nok\ntest b ... \nfigure: 3 cuts.\nok\n");
        assert!(told.is_ok_and(|told| told.ends_with("| a |\n|---|\n| 1 |\n\n3 cuts.\n")));
    }
}
