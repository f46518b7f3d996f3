//! `cargo xtask lint`: formatting, clippy without a warning, documentation.

use crate::boards::BOARDS;
use crate::device::qemu::{MACHINES, MICROBIT, MPS2_AN386, MPS3_AN547};
use anyhow::Result;
use workbench::setup;
use workbench::workspace::{
    BURN, DEVICE_FEATURES, FEATURES_WITH_GPU, capture, cargo, root, too_old_for,
};

/// Runs the command.
pub fn lint() -> Result<()> {
    setup::rust_targets(&MACHINES.map(|machine| machine.target))?;
    let host: [&[&str]; 5] = [
        &["fmt", "--all", "--check"],
        &["fmt", "--check", "--manifest-path", "fuzz/Cargo.toml"],
        // The library alone, as it is without its features: the laboratory turns them on for all.
        &["clippy", "--all-targets", "--locked", "--", "-D", "warnings"],
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--features",
            FEATURES_WITH_GPU,
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
        &[
            "clippy",
            "--lib",
            "--features",
            DEVICE_FEATURES,
            "--locked",
            "--target",
            MPS2_AN386.target,
            "--",
            "-D",
            "warnings",
        ],
    ];
    for arguments in host {
        say(arguments);
        capture(cargo().args(arguments), "the lint")?;
    }
    let clippy =
        |target| ["clippy", "--release", "--locked", "--target", target, "--", "-D", "warnings"];
    // One machine for each architecture: the runtime differs.
    let [v6, v7, v8] = [MICROBIT, MPS2_AN386, MPS3_AN547].map(|machine| clippy(machine.target));
    let logged = [
        "clippy",
        "--release",
        "--bin=logged",
        "--features=qemu-board/defmt",
        "--locked",
        "--target",
        MPS2_AN386.target,
        "--",
        "-D",
        "warnings",
    ];
    let boards: [&[&str]; 5] = [&["fmt", "--all", "--check"], &v6, &v7, &v8, &logged];
    for arguments in boards {
        say(arguments);
        capture(cargo().args(arguments).current_dir(root().join("boards")), "the lint of boards")?;
    }
    for board in BOARDS {
        // Clippy would check the crates of a whole chip family, only to look at one page of start-up code.
        let arguments = ["fmt", "--check"];
        say(&arguments);
        capture(cargo().args(arguments).current_dir(board.folder()), board.name)?;
    }
    let bindings: [&[&str]; 2] = [
        &["fmt", "--all", "--check"],
        &["clippy", "--all-targets", "--locked", "--", "-D", "warnings"],
    ];
    for folder in [BURN, "bindings/c"] {
        if let Some(reason) = too_old_for(folder)? {
            eprintln!("lint: SKIPPED: {reason}");
            continue;
        }
        for arguments in bindings {
            say(arguments);
            let folder = root().join(folder);
            capture(cargo().args(arguments).current_dir(folder), "the lint of a binding")?;
        }
    }
    let documentation = ["doc", "--no-deps", "--features", FEATURES_WITH_GPU, "--locked"];
    say(&documentation);
    capture(cargo().args(documentation).env("RUSTDOCFLAGS", "-D warnings"), "the documentation")?;
    let crates = [
        "doc",
        "--no-deps",
        "--package=rolling-ball-import",
        "--package=rolling-ball-rehearsal",
        "--features=rolling-ball-rehearsal/desktop",
        "--locked",
    ];
    say(&crates);
    capture(cargo().args(crates).env("RUSTDOCFLAGS", "-D warnings"), "the crates' documentation")?;
    Ok(())
}

fn say(arguments: &[&str]) {
    eprintln!("lint: cargo {}", arguments.join(" "));
}
