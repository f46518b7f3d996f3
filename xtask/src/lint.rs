//! `cargo xtask lint`: formatting, clippy without a warning, documentation.

use crate::boards::BOARDS;
use crate::device::qemu::MPS2_AN386;
use crate::device::setup;
use crate::workspace::{capture, cargo, root};
use anyhow::Result;

/// Runs the command.
pub fn lint() -> Result<()> {
    setup::rust_targets(&[MPS2_AN386.target])?;
    setup::rust_targets(&BOARDS.map(|board| board.target))?;
    let host: [&[&str]; 5] = [
        &["fmt", "--all", "--check"],
        &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
        &[
            "clippy",
            "--all-targets",
            "--features=simd,heapless",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
        &["clippy", "--lib", "--locked", "--target", MPS2_AN386.target, "--", "-D", "warnings"],
        &[
            "clippy",
            "--lib",
            "--features=defmt,heapless",
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
    let boards: [&[&str]; 3] = [
        &["fmt", "--all", "--check"],
        &["clippy", "--release", "--locked", "--target", MPS2_AN386.target, "--", "-D", "warnings"],
        &[
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
        ],
    ];
    for arguments in boards {
        say(arguments);
        capture(cargo().args(arguments).current_dir(root().join("boards")), "the lint of boards")?;
    }
    for board in BOARDS {
        let clippy = ["clippy", "--release", "--locked", "--", "-D", "warnings"];
        for arguments in [&["fmt", "--check"][..], &clippy] {
            say(arguments);
            capture(cargo().args(arguments).current_dir(board.folder()), board.name)?;
        }
    }
    let documentation = ["doc", "--no-deps", "--features", "simd,heapless", "--locked"];
    say(&documentation);
    capture(cargo().args(documentation).env("RUSTDOCFLAGS", "-D warnings"), "the documentation")?;
    Ok(())
}

fn say(arguments: &[&str]) {
    eprintln!("lint: cargo {}", arguments.join(" "));
}
