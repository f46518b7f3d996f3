//! `cargo xtask fuzz`: the coverage-guided tests of `fuzz/`.

use anyhow::{Context, Result, ensure};
use clap::Args;
use workbench::workspace::{capture, cargo};

/// Fuzz the checkpoints in flash (needs `cargo install cargo-fuzz` and a C++ compiler).
#[derive(Args, Clone, Debug)]
pub struct FuzzArgs {
    /// For how long
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Runs the command.
pub fn fuzz(args: &FuzzArgs) -> Result<()> {
    capture(cargo().args(["fuzz", "--version"]), "cargo-fuzz")
        .context("install it with: cargo install cargo-fuzz")?;
    let limit = format!("-max_total_time={}", args.seconds);
    let status = cargo()
        .args(["fuzz", "run", "resume", "--", &limit, "-print_final_stats=1"])
        // Coverage and sanitizer are options of nightly compilers; this lets the stable one have
        // them.
        .env("RUSTC_BOOTSTRAP", "1")
        .status()?;
    ensure!(status.success(), "the fuzzer has found a failure; it says above how to repeat it");
    Ok(())
}
