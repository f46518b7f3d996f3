//! The adapter for burn, which needs a newer compiler than the rest.

use super::TestArgs;
use super::part::{Part, skipped};
use super::watch::cargo_test;
use libtest_mimic::Completion;
use workbench::workspace::{BURN, cargo, root, too_old_for};

pub fn part(args: &TestArgs) -> Part {
    Part::new("burn", args).test_or_skip("the_modules_of_burn_are_objectives", || {
        if let Some(reason) = too_old_for(BURN)? {
            return Ok(skipped(reason));
        }
        let mut command = cargo();
        command.args(["test", "--locked", "--no-fail-fast"]).current_dir(root().join(BURN));
        cargo_test(command)?;
        Ok(Completion::Completed)
    })
}
