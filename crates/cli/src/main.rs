//! The command `rolling-ball`.

use std::process::ExitCode;

fn main() -> ExitCode {
    rolling_ball_cli::run(std::env::args_os())
}
