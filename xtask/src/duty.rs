//! `cargo xtask duty`: training beside a product's duty, on an emulated Cortex-M4F.

use crate::demo::rehearsal::leave_digits;
use crate::device::qemu::{Emulation, MPS2_AN386};
use crate::device::{self, Build};
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use rolling_ball_rehearsal::Event;
use std::path::PathBuf;
use workbench::progress;
use workbench::setup;
use workbench::table::grouped;

/// Train while a reading is due each millisecond and a watchdog must be fed, on an emulated
/// Cortex-M4F
///
/// Two firmwares run the digits scenario: a main loop without interrupts, and one whose readings
/// are taken in an interrupt. Both attend to their duties in the pauses of the kernels, so that the
/// main loop is never away for a quarter of a millisecond. The theta that they end with is compared
/// with the desktop's. QEMU runs an instruction each 16 ns, as a core of 106 MHz does at 1.7 cycles
/// each.
#[derive(Args, Clone, Debug)]
pub struct DutyArgs {
    /// Install QEMU with the system's package manager where it is missing, through sudo if need be
    #[arg(long)]
    install: bool,
}

/// Two to the power of this many nanoseconds an instruction.
const SHIFT: u32 = 4;
const INSTRUCTIONS_PER_MILLISECOND: f64 = 1e6 / (1 << SHIFT) as f64;

const FOLDER: &str = "duty";

/// The two firmwares.
pub const FIRMWARES: [&str; 2] = ["superloop", "interrupt"];

/// What a firmware has to show at its end.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    readings: u32,
    missed: u32,
    longest_gap: u32,
}

/// Runs the command.
pub fn duty(args: &DutyArgs) -> Result<()> {
    setup::rust_targets(&[MPS2_AN386.target])?;
    setup::debian_package("qemu-system-arm", "qemu-system-arm", args.install)?;
    let expected = expected_hash()?;
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header([
        "firmware",
        "readings, one a millisecond",
        "missed",
        "longest time away, instructions",
        "milliseconds",
        "theta as the desktop's",
    ]);
    for name in FIRMWARES {
        let bar = progress::spinner(&format!("{name} in QEMU"));
        let Account { readings, missed, longest_gap } = keep(name, expected)?;
        bar.finish_and_clear();
        table.add_row([
            name.to_owned(),
            grouped(u64::from(readings)),
            missed.to_string(),
            grouped(u64::from(longest_gap)),
            format!("{:.2}", f64::from(longest_gap) / INSTRUCTIONS_PER_MILLISECOND),
            "yes".to_owned(),
        ]);
    }
    println!("{table}");
    let complaint = neglect()?;
    println!("the main loop with kernels that do not pause instead: {complaint}");
    Ok(())
}

/// The desktop's theta at the end.
pub fn expected_hash() -> Result<u32> {
    leave_digits(FOLDER)
}

/// Runs a firmware; it must miss nothing and learn what the desktop learned.
pub fn keep(name: &str, expected: u32) -> Result<Account> {
    let firmware = build(name)?;
    let emulation = Emulation::new(&MPS2_AN386, &firmware, device::LIMIT);
    let run = device::run(&Emulation { shift: SHIFT, ..emulation }, |_| {})?;
    let duty = run.events.iter().find_map(|event| match event {
        Event::Duty { readings, missed, longest_gap, hash } => Some((
            Account { readings: *readings, missed: *missed, longest_gap: *longest_gap },
            *hash,
        )),
        _ => None,
    });
    let (account, hash) = duty.with_context(|| format!("{name} told nothing of its duty"))?;
    ensure!(
        hash == expected,
        "{name} ended with theta {hash:08x}, the desktop with {expected:08x}"
    );
    ensure!(account.missed == 0, "{name} missed {} readings", account.missed);
    ensure!(account.readings > 0, "{name} took no reading");
    let (away, most) = (f64::from(account.longest_gap), INSTRUCTIONS_PER_MILLISECOND / 4.0);
    ensure!(
        away <= most,
        "the main loop of {name} was away for {away} instructions; expected at most {most}, a \
         quarter of the time between readings"
    );
    Ok(account)
}

/// What becomes of a main loop that is held up for whole evaluations.
pub fn neglect() -> Result<String> {
    let firmware = build("superloop")?;
    let emulation = Emulation::new(&MPS2_AN386, &firmware, device::LIMIT);
    let mut last = String::new();
    let run = Emulation { shift: SHIFT, argument: Some("whole"), ..emulation };
    match run.lines(|line| last = line.to_owned()) {
        Ok(()) => bail!("evaluations in one piece starved no watchdog"),
        Err(_) if last.contains("watchdog") => Ok(last),
        Err(error) => Err(error),
    }
}

fn build(name: &str) -> Result<PathBuf> {
    Build::firmware(FOLDER, &MPS2_AN386, name).run()
}
