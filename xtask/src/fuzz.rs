//! `cargo xtask fuzz`: random calls, bytes and files.

use anyhow::{Context, Result, ensure};
use clap::Args;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use workbench::workspace::{capture, cargo, root};

/// Make random calls of the library, and give it random bytes and files
///
/// A seed decides the inputs: half of them are random, half are changed from those that are
/// committed. The targets are built with debug assertions and overflow checks, and run on all
/// cores. An input that fails is made small, written to a file, and told so that it can be
/// repeated.
#[derive(Args, Clone, Debug)]
pub struct FuzzArgs {
    /// Only this target; may be given more than once [default: all]
    #[arg(long)]
    pub target: Vec<String>,
    /// How long all targets take together
    #[arg(long, default_value_t = 60)]
    pub seconds: u64,
    /// Stop each target after so many inputs, if that is sooner
    #[arg(long)]
    pub executions: Option<u64>,
    /// What decides the inputs
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Run one input, from a file, of the one target that is named, and tell every call
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// List the targets
    #[arg(long)]
    pub list: bool,
    /// Let libFuzzer look for inputs by what they cover (needs `cargo install cargo-fuzz` and a
    /// C++ compiler); it keeps what it finds in fuzz/corpus
    #[arg(long, conflicts_with_all = ["executions", "seed", "input", "list", "choose_seeds"])]
    pub coverage: bool,
    /// Choose so many inputs a target anew, and write them into fuzz/seeds: those that together do
    /// most of what a hundred thousand random ones do
    #[arg(long, value_name = "COUNT")]
    pub choose_seeds: Option<usize>,
}

/// Runs the command.
pub fn fuzz(args: &FuzzArgs) -> Result<()> {
    if args.coverage {
        return by_coverage(args);
    }
    let status = driver(args).status()?;
    ensure!(status.success(), "inputs fail; it says above how to repeat them");
    Ok(())
}

/// The driver with these arguments. It prints a table of what it did.
pub fn driver(args: &FuzzArgs) -> Command {
    let mut command = cargo();
    // As the library's tests are built: optimized, with debug assertions and overflow checks.
    command.args(["run", "--quiet", "--locked", "--profile", "test"]);
    command.args(["--package", "rolling-ball-fuzz", "--bin", "fuzz", "--"]);
    command.arg(format!("--seconds={}", args.seconds)).arg(format!("--seed={}", args.seed));
    command.args(args.target.iter().map(|target| format!("--target={target}")));
    command.args(args.executions.map(|executions| format!("--executions={executions}")));
    if let Some(input) = &args.input {
        command.arg("--input").arg(input);
    }
    command.args(args.list.then_some("--list"));
    command.args(args.choose_seeds.map(|count| format!("--choose-seeds={count}")));
    command
}

fn by_coverage(args: &FuzzArgs) -> Result<()> {
    capture(cargo().args(["fuzz", "--version"]), "cargo-fuzz")
        .context("install it with: cargo install cargo-fuzz")?;
    let list = FuzzArgs { list: true, target: args.target.clone(), ..FuzzArgs::new() };
    let targets = capture(driver(&list).stderr(Stdio::inherit()), "the list of targets")?;
    let targets: Vec<&str> = targets.lines().collect();
    let seconds = args.seconds / targets.len().max(1) as u64;
    for target in targets {
        let found = root().join("fuzz/corpus").join(target);
        let committed = root().join("fuzz/seeds").join(target);
        std::fs::create_dir_all(&found)?;
        std::fs::create_dir_all(&committed)?;
        let limit = format!("-max_total_time={seconds}");
        libfuzzer(target, &limit, &[found, committed])?;
    }
    Ok(())
}

/// Runs a target with libFuzzer, for this time and with these folders.
fn libfuzzer(target: &str, limit: &str, folders: &[PathBuf]) -> Result<()> {
    let status = cargo()
        .args(["fuzz", "run", "--target-dir", "target/fuzz", "--features", "libfuzzer", target])
        .args(folders)
        .args(["--", "-print_final_stats=1", "-timeout=20", limit])
        // Coverage and sanitizer are options of nightly compilers; this lets the stable one have
        // them.
        .env("RUSTC_BOOTSTRAP", "1")
        .status()?;
    ensure!(status.success(), "{target}: libFuzzer has failed; it says above at what");
    Ok(())
}

impl FuzzArgs {
    /// All targets, with the default seed.
    pub fn new() -> Self {
        Self {
            target: Vec::new(),
            seconds: 60,
            executions: None,
            seed: 1,
            input: None,
            list: false,
            coverage: false,
            choose_seeds: None,
        }
    }
}
