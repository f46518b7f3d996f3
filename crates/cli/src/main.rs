//! The command `rolling-ball`.

mod c_library;
mod dependency;
mod export;
mod flash_dump;
mod import;
mod inspect;
mod new;

use clap::{Parser, Subcommand};
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

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::New(args) => new::new(&args),
        Command::Import(args) => import::import(&args),
        Command::Inspect(args) => inspect::inspect(&args),
        Command::Export(args) => export::export(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
