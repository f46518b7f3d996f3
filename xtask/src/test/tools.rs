//! The tests of what is not the library: the tools, and what they share.

use super::TestArgs;
use super::part::Part;
use super::watch::cargo_test;
use crate::workspace::cargo;

pub fn part(args: &TestArgs) -> Part {
    Part::new("tools", args).test("the_tests_of_the_tools_pass", || {
        let mut command = cargo();
        command.args(["test", "--workspace", "--exclude", "rolling-ball", "--locked"]);
        command.arg("--no-fail-fast");
        cargo_test(command)
    })
}
