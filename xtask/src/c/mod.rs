//! `cargo xtask c`: the C interface, and the firmware written in C.

pub mod firmware;
pub mod header;
pub mod imported;
pub mod library;
pub mod programs;
pub mod random_calls;
pub mod release;
pub mod size;

use crate::device::qemu::MPS2_AN386;
use anyhow::{Context, Result};
use clap::Args;
use std::path::PathBuf;
use workbench::setup;
use workbench::workspace::root;

/// Build the digits firmware written in C, run it in QEMU and compare it with the rehearsal bit for
/// bit
#[derive(Args, Clone, Debug)]
pub struct CArgs {
    /// Only write the header anew from the sources
    #[arg(long)]
    header: bool,
    /// Only compile the library for many cores, as archives for those who have no Rust
    #[arg(long, conflicts_with = "header")]
    release: bool,
    /// Install QEMU and the cross compiler with the system's package manager where they are missing
    #[arg(long)]
    install: bool,
}

/// Where the C interface lives.
fn folder() -> PathBuf {
    root().join("bindings/c")
}

/// Where C programs are built.
fn build_folder() -> Result<PathBuf> {
    let folder = folder().join("target/programs");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// Runs the command.
pub fn c(args: &CArgs) -> Result<()> {
    if args.header {
        return header::write();
    }
    if args.release {
        return release::release(release::Extent::Whole).map(|_| ());
    }
    setup::rust_targets(&[MPS2_AN386.target])?;
    setup::debian_package("qemu-system-arm", "qemu-system-arm", args.install)?;
    let (compiler, package) = firmware::COMPILER;
    setup::debian_package(compiler, package, args.install)?;
    let outcome = firmware::outcome()?;
    let summary = outcome.summary()?;
    outcome.check_bits()?;
    outcome.check_budget()?;
    println!("theta after each of {} steps: equal bits, desktop and C firmware", summary.steps);
    let accuracy = |fraction: f64| 100.0 * fraction;
    let (before, after) = (accuracy(summary.accuracy_before), accuracy(summary.accuracy_after));
    println!("accuracy: {before:.1} %, then {after:.1} %");
    let number = |value: Option<u64>| value.map_or("-".to_owned(), |value| value.to_string());
    println!(
        "instructions: {} a gradient evaluation, {} a step",
        number(summary.instructions_per_gradient_evaluation),
        number(summary.instructions_per_step)
    );
    println!(
        "flash: {} bytes, of them {} of weights and samples; RAM: {} bytes, with the stack",
        number(summary.flash_bytes),
        outcome.plan.image.len(),
        number(summary.ram_bytes)
    );
    println!("bytes of stack below each call, by size:");
    let mut calls = firmware::stack()?;
    calls.sort_by_key(|(_, bytes)| *bytes);
    for (call, bytes) in calls {
        println!("  {call:<22} {bytes:>5}");
    }
    Ok(())
}
