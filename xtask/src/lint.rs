//! `cargo xtask lint`: formatting, clippy without a warning, documentation.

use crate::device::qemu::MPS2_AN386;
use crate::device::setup;
use crate::workspace::{capture, cargo, root};
use anyhow::Result;

/// Runs the command.
pub fn lint() -> Result<()> {
    setup::rust_targets(&[MPS2_AN386.target])?;
    let host: [&[&str]; 4] = [
        &["fmt", "--all", "--check"],
        &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
        &[
            "clippy",
            "--all-targets",
            "--features",
            "simd,micromath",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
        &["clippy", "--lib", "--locked", "--target", MPS2_AN386.target, "--", "-D", "warnings"],
    ];
    for arguments in host {
        say(arguments);
        capture(cargo().args(arguments), "the lint")?;
    }
    let boards: [&[&str]; 2] = [
        &["fmt", "--all", "--check"],
        &["clippy", "--release", "--locked", "--target", MPS2_AN386.target, "--", "-D", "warnings"],
    ];
    for arguments in boards {
        say(arguments);
        capture(cargo().args(arguments).current_dir(root().join("boards")), "the lint of boards")?;
    }
    let documentation = ["doc", "--no-deps", "--features", "simd,micromath", "--locked"];
    say(&documentation);
    capture(cargo().args(documentation).env("RUSTDOCFLAGS", "-D warnings"), "the documentation")?;
    Ok(())
}

fn say(arguments: &[&str]) {
    eprintln!("lint: cargo {}", arguments.join(" "));
}
