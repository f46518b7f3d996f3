//! The oldest Rust that the crates promise to compile with.

use super::TestArgs;
use super::part::{Part, skipped};
use super::watch::watch;
use anyhow::Result;
use libtest_mimic::Completion;
use workbench::setup;
use workbench::workspace::{DEVICE_FEATURES, FEATURES, in_repository, promised_rust, root};

const DEVICE: &str = "thumbv7em-none-eabihf";

/// What is checked: the part of a sentence, a folder, and the arguments.
const CHECKS: [(&str, &str, &[&str]); 4] = [
    ("the_library", "", &["--package", "rolling-ball", "--lib", "--features", FEATURES]),
    (
        "the_library_on_a_cortex_m4f",
        "",
        &["--package", "rolling-ball", "--lib", "--features", DEVICE_FEATURES, "--target", DEVICE],
    ),
    ("the_firmware", "boards", &["--target", DEVICE]),
    ("the_c_interface", "bindings/c", &[]),
];

pub fn part(args: &TestArgs) -> Part {
    let mut part = Part::new("msrv", args);
    for (what, folder, arguments) in CHECKS {
        let sentence = format!("the_oldest_rust_that_is_promised_compiles_{what}");
        part = part.test_or_skip(sentence, move || check(folder, arguments));
    }
    // They are hundreds of crates.
    part.long_test_or_skip("the_oldest_rust_that_is_promised_compiles_the_tools", || {
        check("", &["--workspace", "--exclude", "rolling-ball"])
    })
}

fn check(folder: &str, arguments: &[&str]) -> Result<Completion> {
    let folder = root().join(folder);
    let version = promised_rust(&folder)?;
    if let Err(reason) = setup::rust_toolchain(&version, &[DEVICE]) {
        return Ok(skipped(format!("{reason:#}")));
    }
    let mut command = in_repository("rustup");
    command.args(["run", &version, "cargo", "check", "--locked"]).args(arguments);
    command.current_dir(folder);
    watch(command)?;
    Ok(Completion::Completed)
}
