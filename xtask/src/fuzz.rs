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
    #[arg(long, conflicts_with_all = ["executions", "seed", "input", "list"])]
    pub coverage: bool,
    /// With --coverage, instead of looking for more: choose the fewest inputs of fuzz/corpus that
    /// cover as much, up to so many a target, and commit them as fuzz/seeds
    #[arg(long, value_name = "COUNT", requires = "coverage")]
    pub keep: Option<usize>,
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
        match args.keep {
            None => {
                let limit = format!("-max_total_time={seconds}");
                libfuzzer(target, &[&limit], &[found, committed])?;
            }
            Some(count) => {
                let all = root().join("fuzz/corpus").join(format!("{target}-least"));
                let _ = std::fs::remove_dir_all(&all);
                std::fs::create_dir_all(&all)?;
                libfuzzer(
                    target,
                    &["-set_cover_merge=1"],
                    &[all.clone(), found, committed.clone()],
                )?;
                keep(count, &all, &committed)?;
            }
        }
    }
    Ok(())
}

/// Runs a target with libFuzzer's options and folders.
fn libfuzzer(target: &str, options: &[&str], folders: &[PathBuf]) -> Result<()> {
    let status = cargo()
        .args(["fuzz", "run", "--target-dir", "target/fuzz", "--features", "libfuzzer", target])
        .args(folders)
        .args(["--", "-print_final_stats=1", "-timeout=20"])
        .args(options)
        // Coverage and sanitizer are options of nightly compilers; this lets the stable one have
        // them.
        .env("RUSTC_BOOTSTRAP", "1")
        .status()?;
    ensure!(status.success(), "{target}: libFuzzer has failed; it says above at what");
    Ok(())
}

/// Commits the largest inputs of a folder, which cover the most each, by their order as names.
fn keep(count: usize, from: &std::path::Path, to: &std::path::Path) -> Result<()> {
    let mut inputs = Vec::new();
    for entry in std::fs::read_dir(from)? {
        inputs.push(std::fs::read(entry?.path())?);
    }
    inputs.sort_by_key(|input| (std::cmp::Reverse(input.len()), input.clone()));
    inputs.truncate(count);
    std::fs::remove_dir_all(to)?;
    std::fs::create_dir_all(to)?;
    for (index, input) in inputs.iter().enumerate() {
        std::fs::write(to.join(format!("{index:02}")), input)?;
    }
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
            keep: None,
        }
    }
}
