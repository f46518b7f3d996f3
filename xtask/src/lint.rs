//! `cargo xtask lint`: formatting, clippy without a warning, documentation.

use crate::device::qemu::{MACHINES, MICROBIT, MPS2_AN386, MPS3_AN547};
use crate::device::setup;
use crate::workspace::{capture, cargo, root};
use anyhow::Result;

/// Runs the command.
pub fn lint() -> Result<()> {
    setup::rust_targets(&MACHINES.map(|machine| machine.target))?;
    let host: [&[&str]; 4] = [
        &["fmt", "--all", "--check"],
        &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
        &["clippy", "--all-targets", "--features", "simd", "--locked", "--", "-D", "warnings"],
        &["clippy", "--lib", "--locked", "--target", MPS2_AN386.target, "--", "-D", "warnings"],
    ];
    for arguments in host {
        say(arguments);
        capture(cargo().args(arguments), "the lint")?;
    }
    let clippy =
        |target| ["clippy", "--release", "--locked", "--target", target, "--", "-D", "warnings"];
    // One machine for each architecture: the runtime differs.
    let [v6, v7, v8] = [MICROBIT, MPS2_AN386, MPS3_AN547].map(|machine| clippy(machine.target));
    let boards: [&[&str]; 4] = [&["fmt", "--all", "--check"], &v6, &v7, &v8];
    for arguments in boards {
        say(arguments);
        capture(cargo().args(arguments).current_dir(root().join("boards")), "the lint of boards")?;
    }
    let documentation = ["doc", "--no-deps", "--features", "simd", "--locked"];
    say(&documentation);
    capture(cargo().args(documentation).env("RUSTDOCFLAGS", "-D warnings"), "the documentation")?;
    Ok(())
}

fn say(arguments: &[&str]) {
    eprintln!("lint: cargo {}", arguments.join(" "));
}
