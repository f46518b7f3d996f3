//! Runs the targets with inputs that a seed decides, on stable Rust.

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use rolling_ball_fuzz::driver::{Campaign, Failure, Limits, repeat};
use rolling_ball_fuzz::{TARGETS, Target};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Random calls, bytes and files of every target, decided by a seed
///
/// Half of the inputs are random bytes, half are changed from those in fuzz/seeds. `cargo xtask
/// fuzz` runs this program, built with debug assertions and overflow checks.
#[derive(Parser)]
#[command(name = "cargo xtask fuzz")]
struct Args {
    /// Only this target; may be given more than once [default: all]
    #[arg(long)]
    target: Vec<String>,
    /// How long all targets take together
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Stop each target after so many inputs, if that is sooner
    #[arg(long)]
    executions: Option<u64>,
    /// What decides the inputs
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run one input, from a file, of the one target that is named
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// List the targets
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let targets = chosen(&args.target)?;
    if args.list {
        targets.iter().for_each(|target| println!("{}", target.name));
        return Ok(());
    }
    if let Some(path) = &args.input {
        let [target] = targets[..] else {
            bail!("--input: expected the one --target that the input is of");
        };
        let input = std::fs::read(path).with_context(|| path.display().to_string())?;
        let calls = repeat(&target, &input)?;
        println!("{}: {calls} calls, nothing wrong", target.name);
        return Ok(());
    }
    let weights: u32 = targets.iter().map(|target| target.weight).sum();
    let executions = args.executions.unwrap_or(u64::MAX);
    let mut failures: Vec<Failure> = Vec::new();
    println!("| target | executions | a second | calls an execution |");
    println!("|---|---|---|---|");
    for target in targets {
        let campaign = Campaign::new(target, args.seed)?;
        let time = Duration::from_secs(args.seconds) * target.weight / weights;
        let result = campaign.run(Limits { time, executions })?;
        println!("{}", result.row(target.name));
        failures.extend(result.failures);
    }
    for failure in &failures {
        eprintln!("\n{failure}");
    }
    ensure!(failures.is_empty(), "{} inputs fail", failures.len());
    Ok(())
}

fn chosen(names: &[String]) -> Result<Vec<Target>> {
    for name in names {
        let known = TARGETS.map(|target| target.name);
        ensure!(
            known.contains(&name.as_str()),
            "no target is called {name:?}; expected one of {}",
            known.join(", ")
        );
    }
    let wanted = |target: &Target| names.is_empty() || names.iter().any(|name| name == target.name);
    Ok(TARGETS.into_iter().filter(wanted).collect())
}
