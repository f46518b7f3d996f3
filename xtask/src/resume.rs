//! `cargo xtask resume`: training that outlives power failures, on an emulated Cortex-M4F.

use crate::demo::rehearsal::leave_digits;
use crate::device::qemu::{Emulation, MPS2_AN386};
use crate::device::{self, Build};
use anyhow::{Context, Result, ensure};
use clap::Args;
use rolling_ball_rehearsal::Event;
use workbench::progress;
use workbench::setup;

/// Train on an emulated Cortex-M4F whose power fails again and again, and compare with a training
/// that was not interrupted
///
/// The firmware saves a checkpoint each five steps of the digits scenario. Its power fails while a
/// word of the flash is erased or written, always another one; the emulator resets, and the
/// firmware resumes. At the end theta must be the desktop's.
#[derive(Args, Clone, Debug)]
pub struct ResumeArgs {
    /// Install QEMU with the system's package manager where it is missing, through sudo if need be
    #[arg(long)]
    install: bool,
}

const FOLDER: &str = "resume";

/// Runs the command.
pub fn resume(args: &ResumeArgs) -> Result<()> {
    setup::rust_targets(&[MPS2_AN386.target])?;
    setup::debian_package("qemu-system-arm", "qemu-system-arm", args.install)?;
    let spinner = progress::spinner("power failures in QEMU");
    let (failures, hash) = check()?;
    spinner.finish_and_clear();
    println!(
        "after {failures} power failures theta is the desktop's, which had none: hash {hash:08x}"
    );
    Ok(())
}

/// The number of power failures, and the hash that firmware and desktop end with.
pub fn check() -> Result<(u32, u32)> {
    let expected = leave_digits(FOLDER)?;
    let firmware = Build::firmware(FOLDER, &MPS2_AN386, "power_failures").run()?;
    let run = device::run(&Emulation::new(&MPS2_AN386, &firmware, device::LIMIT), |_| {})?;
    let (failures, hash) = run
        .events
        .iter()
        .find_map(|event| match event {
            Event::Resumed { failures, hash } => Some((*failures, *hash)),
            _ => None,
        })
        .context("the firmware did not tell how its training ended")?;
    ensure!(failures > 0, "the power never failed");
    ensure!(
        hash == expected,
        "after {failures} power failures theta is {hash:08x}, the desktop's is {expected:08x}"
    );
    Ok((failures, hash))
}
