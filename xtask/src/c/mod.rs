//! `cargo xtask c`: the C interface, and the firmware written in C.

mod header;

use crate::workspace::root;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// Build the digits firmware written in C, run it in QEMU and compare it with the rehearsal bit for bit
#[derive(Args, Clone, Debug)]
pub struct CArgs {
    /// Only write the header anew from the sources
    #[arg(long)]
    header: bool,
    /// Install QEMU and the cross compiler with the system's package manager where they are missing
    #[arg(long)]
    install: bool,
}

/// Where the C interface lives.
fn folder() -> PathBuf {
    root().join("bindings/c")
}

/// Runs the command.
pub fn c(args: &CArgs) -> Result<()> {
    if args.header {
        return header::write();
    }
    Ok(())
}
