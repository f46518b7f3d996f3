//! The library as firmware has it.

use super::part::Part;
use super::watch::watch;
use super::{TARGETS, TestArgs};
use workbench::workspace::{DEVICE_FEATURES, cargo};

pub fn part(args: &TestArgs) -> Part {
    let mut part = Part::new("targets", args).builds_for(&TARGETS);
    for target in TARGETS {
        part = part.test(format!("the_library_builds_for_{target}"), move || {
            let mut command = cargo();
            command.args(["build", "--release", "--lib", "--locked"]);
            command.args(["--features", DEVICE_FEATURES, "--target", target]);
            watch(command)?;
            Ok(())
        });
    }
    part
}
