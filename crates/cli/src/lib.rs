//! The command `rolling-ball`, and what of it other programs call: the Python package is the same
//! command, and builds its networks here.

mod c_library;
mod cargo;
mod dependency;
mod export;
mod flash_dump;
mod import;
mod inspect;
mod new;
mod shared_library;

pub use dependency::{REPOSITORY, Source};
pub use shared_library::build as build_shared_library;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::process::ExitCode;

/// Fine-tune small networks on microcontrollers with the rolling-ball optimizer
#[derive(Parser)]
#[command(name = "rolling-ball", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    New(new::NewArgs),
    Import(import::ImportArgs),
    Inspect(inspect::InspectArgs),
    Export(export::ExportArgs),
}

/// Runs the command with these arguments, of which the first is its own name. What it has to tell
/// goes to the standard output, and errors to that of errors. `--help` ends the process.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match execute(Cli::parse_from(arguments).command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// As [`run`], for programs that go on.
///
/// # Errors
///
/// Those of the command, and what is wrong with the arguments.
pub fn try_run(arguments: impl IntoIterator<Item = OsString>) -> Result<()> {
    execute(Cli::try_parse_from(arguments)?.command)
}

fn execute(command: Command) -> Result<()> {
    match command {
        Command::New(args) => new::new(&args),
        Command::Import(args) => import::import(&args),
        Command::Inspect(args) => inspect::inspect(&args),
        Command::Export(args) => export::export(&args),
    }
}
