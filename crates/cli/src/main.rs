//! The command `rolling-ball`.

mod import;

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
    Import(import::ImportArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Import(args) => import::import(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
