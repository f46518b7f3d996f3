//! One entry point for everything that is not the library itself.

mod chart;
mod dataset;
mod demo;
mod device;
mod digits;
mod elf;
mod plan;
mod pretrain;
mod progress;
mod qemu;
mod rehearsal;
mod setup;
mod speakers;
mod study;
mod study_report;

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
    Study(study_report::StudyArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Demo(args) => demo::demo(&args),
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
