//! One entry point for everything that is not the library itself.

mod data;
mod demo;
mod device;
mod footpoint;
mod import;
mod int8;
mod lanes;
mod lint;
mod pretrain;
mod progress;
mod study;
mod test;
mod workspace;

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
    Import(import::ImportArgs),
    Int8(int8::Int8Args),
    Lanes(lanes::LanesArgs),
    Study(study::StudyArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Demo(args) => demo::demo(&args),
        Task::Test(args) => test::test(&args),
        Task::Lint => lint::lint(),
        Task::Lanes(args) => lanes::lanes(&args),
        Task::Footpoint(args) => footpoint::footpoint(&args),
        Task::Import(args) => import::import(&args),
        Task::Int8(args) => int8::int8(&args),
        Task::Study(args) => study::study(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
