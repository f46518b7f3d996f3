//! One entry point for everything that is not the library itself.

mod chart;
mod dataset;
mod demo;
mod device;
mod digits;
mod elf;
mod footpoint;
mod lanes;
mod lint;
mod outcome;
mod plan;
mod pretrain;
mod progress;
mod qemu;
mod rehearsal;
mod setup;
mod speakers;
mod study;
mod study_report;
mod test;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Tasks of the rolling-ball repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Demo(demo::DemoArgs),
    Test(test::TestArgs),
    /// Formatting, clippy and documentation, without a warning
    Lint,
    Footpoint(footpoint::FootpointArgs),
    Lanes(lanes::LanesArgs),
    Study(study_report::StudyArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Demo(args) => demo::demo(&args),
        Task::Test(args) => test::test(&args),
        Task::Lint => lint::lint(),
        Task::Lanes(args) => lanes::lanes(&args),
        Task::Footpoint(args) => footpoint::footpoint(&args),
        Task::Study(args) => study_report::study(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
