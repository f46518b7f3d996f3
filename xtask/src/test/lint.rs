//! The lint: formatting, the length of lines, clippy and documentation, without a warning.

use super::TestArgs;
use super::columns;
use super::faults::in_a_sentence;
use super::part::{Part, skipped};
use super::watch::watch;
use crate::boards::BOARDS;
use crate::device::qemu::{MACHINES, MICROBIT, MPS2_AN386, MPS3_AN547};
use anyhow::{Result, bail};
use libtest_mimic::Completion;
use workbench::workspace::{
    BURN, DEVICE_FEATURES, FEATURES_WITH_GPU, MICROFLOW, PYTHON, cargo, root, too_old_for,
};

/// The tools with no feature of the library but those that they name.
const TOOLS: [&str; 4] = ["--workspace", "--exclude", "rolling-ball", "--all-targets"];

/// What clippy looks at on this machine: the part of a sentence, and arguments.
const HOST: [(&str, &[&str]); 4] = [
    ("the_library_with_no_feature", &["--package", "rolling-ball"]),
    ("the_library_with_simd_alone", &["--package", "rolling-ball", "--features", "simd"]),
    ("everything_with_all_features", &["--workspace", "--features", FEATURES_WITH_GPU]),
    (
        "rehearsals_in_a_shared_library",
        &["--package", "rolling-ball-rehearsal", "--features", "shared-library"],
    ),
];

pub fn part(args: &TestArgs) -> Part {
    let mut part = Part::new("lint", args)
        .test("the_sources_are_formatted", formatted)
        .test_or_skip("no_line_is_longer_than_100_columns", columns::check);
    for (what, arguments) in HOST {
        part = part.test(format!("clippy_has_nothing_to_say_of_{what}"), move || {
            clippy("", &[arguments, &["--all-targets"]].concat())
        });
    }
    part = part.long_test("clippy_has_nothing_to_say_of_the_tools", || clippy("", &TOOLS));
    part = part.builds_for(&MACHINES.map(|machine| machine.target));
    part = part.test("clippy_has_nothing_to_say_of_the_library_on_a_cortex_m4f", || {
        let target = MPS2_AN386.target;
        clippy("", &["--lib", "--features", DEVICE_FEATURES, "--target", target])
    });
    // One machine for each architecture: the runtime differs.
    for machine in [MICROBIT, MPS2_AN386, MPS3_AN547] {
        let core = in_a_sentence(&machine);
        part = part
            .test(format!("clippy_has_nothing_to_say_of_the_firmware_on_a_{core}"), move || {
                clippy("boards", &["--release", "--target", machine.target])
            });
    }
    part = part.test("clippy_has_nothing_to_say_of_the_firmware_that_logs", || {
        let logged = ["--release", "--bin=logged", "--features=qemu-board/defmt", "--target"];
        clippy("boards", &[&logged[..], &[MPS2_AN386.target]].concat())
    });
    part.builds_for(&[])
        .test("clippy_has_nothing_to_say_of_the_c_interface", || {
            clippy("bindings/c", &["--all-targets"])
        })
        .test("clippy_has_nothing_to_say_of_the_python_package", || clippy(PYTHON, &[]))
        .test("the_documentation_has_no_warning", documentation)
        .long_test_or_skip("clippy_has_nothing_to_say_of_the_modules_of_burn", || {
            if let Some(reason) = too_old_for(BURN)? {
                return Ok(skipped(reason));
            }
            clippy(BURN, &["--all-targets"])?;
            Ok(Completion::Completed)
        })
}

/// Every workspace.
fn formatted() -> Result<()> {
    let mut folders = vec![(root(), vec!["fmt", "--all", "--check"])];
    for folder in ["boards", "bindings/c", BURN, MICROFLOW, PYTHON] {
        folders.push((root().join(folder), vec!["fmt", "--all", "--check"]));
    }
    // Clippy would check the crates of a whole chip family, to look at one page of start-up code.
    folders.extend(BOARDS.map(|board| (board.folder(), vec!["fmt", "--check"])));
    let mut complaints = Vec::new();
    for (folder, arguments) in folders {
        let mut command = cargo();
        command.args(arguments).current_dir(folder);
        complaints.extend(watch(command).err().map(|error| error.to_string()));
    }
    if !complaints.is_empty() {
        bail!("{}", complaints.join("\n"));
    }
    Ok(())
}

fn clippy(folder: &str, arguments: &[&str]) -> Result<()> {
    let mut command = cargo();
    command.arg("clippy").args(arguments).args(["--locked", "--", "-D", "warnings"]);
    command.current_dir(root().join(folder));
    watch(command)?;
    Ok(())
}

fn documentation() -> Result<()> {
    let crates = ["rolling-ball-import", "rolling-ball-rehearsal", "rolling-ball-fleet"]
        .map(|name| ["--package", name]);
    for arguments in [
        &["--features", FEATURES_WITH_GPU][..],
        &[crates.as_flattened(), &["--features", "rolling-ball-rehearsal/shared-library"]].concat(),
    ] {
        let mut command = cargo();
        command.args(["doc", "--no-deps", "--locked"]).args(arguments);
        command.env("RUSTDOCFLAGS", "-D warnings");
        watch(command)?;
    }
    Ok(())
}
