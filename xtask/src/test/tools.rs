//! The tests of what is not the library: the tools, and what they share.

use super::TestArgs;
use super::part::Part;
use super::watch::cargo_test;
use workbench::workspace::cargo;

pub fn part(args: &TestArgs) -> Part {
    Part::new("tools", args).test("the_tests_of_the_tools_pass", || {
        let mut command = cargo();
        // As this program was built, so that what it links is not built anew.
        command.args(["test", "--release", "--workspace", "--exclude", "rolling-ball"]);
        command.args(["--locked", "--no-fail-fast"]);
        cargo_test(command)
    })
}
