//! `cargo xtask size`: what an optimizer adds to a firmware's flash.

use crate::c::{firmware, size as c_size};
use crate::demo::plan::{Plan, PlanArgs};
use crate::device::elf::{self, Sizes};
use crate::device::qemu::MPS2_AN386;
use crate::device::{Build, write_image};
use crate::rounds::{self, Added, FLASH_PROMISE, RAM_PROMISE};
use crate::test::part::QEMU;
use anyhow::{Result, ensure};
use clap::Args;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use rolling_ball_rehearsal::OptimizerKind;
use workbench::progress;
use workbench::setup;
use workbench::table::grouped;

/// Compare the flash of one firmware with different optimizers, on a Cortex-M4F
///
/// The firmware is the digits scenario, whose network, samples and printed lines are the same; only
/// the optimizer, in its default form, is another. It fails where the ball adds more than its
/// promise to SGD, or where a ball and a perceptron in C take more than theirs.
#[derive(Args, Clone, Debug)]
pub struct SizeArgs {}

/// What the ball with its kernels may add to a firmware with SGD, built for speed.
const PROMISE: i64 = 5_700;

/// The profile for speed, with which the firmware is built otherwise, and one for size.
pub const PROFILES: [&str; 2] = ["release", "size"];

const FOLDER: &str = "size";

/// Runs the command.
pub fn size(_: &SizeArgs) -> Result<()> {
    setup::rust_targets(&[MPS2_AN386.target])?;
    write_digits()?;
    let bar = progress::bar("building firmwares", "built");
    bar.set_length((kinds().len() * PROFILES.len()) as u64);
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    let mut header = vec!["optimizer".to_owned()];
    header.extend(PROFILES.iter().flat_map(|profile| {
        [format!("flash, bytes (profile {profile})"), "more than SGD".to_owned()]
    }));
    table.set_header(header);
    let mut least = None;
    for kind in kinds() {
        let [fast, small] = PROFILES.map(|profile| {
            let bytes = flash(kind, profile);
            bar.inc(1);
            bytes
        });
        let flash = [fast?, small?];
        let least = *least.get_or_insert(flash);
        let mut row = vec![kind.name().to_owned()];
        for (bytes, least) in flash.into_iter().zip(least) {
            row.extend([grouped(bytes), difference(bytes, least).to_string()]);
        }
        table.add_row(row);
    }
    bar.finish_and_clear();
    println!("{table}");
    let added = check()?;
    println!(
        "the ball with its kernels adds {added} bytes over SGD; the promise is at most {PROMISE}"
    );
    let (emulator, package) = QEMU;
    match setup::debian_package(emulator, package, false) {
        Ok(()) => {
            let Added { flash: [fast, small], ram } = rounds::added()?;
            println!(
                "the protocol of a fleet adds {fast} bytes of flash and {ram} of RAM to a firmware \
                 that learns alone, {small} of flash in the profile size; the promise is at most \
                 {FLASH_PROMISE} and {RAM_PROMISE}"
            );
        }
        Err(reason) => println!("the protocol of a fleet is not measured: {reason:#}"),
    }
    let (compiler, package) = firmware::COMPILER;
    if let Err(reason) = setup::debian_package(compiler, package, false) {
        println!("not measured in C: {reason:#}");
        return Ok(());
    }
    println!("in C, a ball and a perceptron, all of it compiled for size:");
    for init in c_size::INITS {
        println!("  {:<20} {} bytes of flash", init, grouped(c_size::flash(init)?));
    }
    let promise = c_size::PROMISE;
    println!("the first takes {} bytes; the promise is at most {promise}", c_size::check()?);
    Ok(())
}

/// What the ball adds to SGD in the release profile; more than the promise is an error.
pub fn check() -> Result<i64> {
    write_digits()?;
    let [ball, sgd] = [OptimizerKind::Ball, OptimizerKind::Sgd].map(|kind| flash(kind, "release"));
    let added = difference(ball?, sgd?);
    ensure!(
        added <= PROMISE,
        "the ball with its kernels adds {added} bytes over SGD, more than the promised {PROMISE}"
    );
    Ok(added)
}

fn difference(bytes: u64, least: u64) -> i64 {
    bytes.cast_signed() - least.cast_signed()
}

/// Those that are compared: the baselines, SGD first, then the ball.
pub fn kinds() -> [OptimizerKind; OptimizerKind::ALL.len()] {
    let mut kinds = OptimizerKind::ALL;
    kinds.rotate_left(1);
    kinds
}

/// Writes the image that all of them hold, and returns its bytes.
pub fn write_digits() -> Result<usize> {
    let plan = Plan::prepare(&PlanArgs::digits(OptimizerKind::Ball))?;
    write_image(FOLDER, plan.scenario.binary(), &plan.image)?;
    Ok(plan.image.len())
}

/// What the firmware with this optimizer takes.
pub fn sizes_with(kind: OptimizerKind, profile: &str) -> Result<Sizes> {
    let name = [kind.name()];
    // The ball is what the firmware has without a feature.
    let features = if kind == OptimizerKind::Ball { &[][..] } else { &name };
    let build = Build { features, profile, ..Build::firmware(FOLDER, &MPS2_AN386, "size") };
    elf::sizes(&build.run()?)
}

/// What another firmware takes.
pub fn sizes(binary: &str, profile: &str) -> Result<Sizes> {
    let build = Build { profile, ..Build::firmware(FOLDER, &MPS2_AN386, binary) };
    elf::sizes(&build.run()?)
}

fn flash(kind: OptimizerKind, profile: &str) -> Result<u64> {
    Ok(sizes_with(kind, profile)?.flash_bytes)
}
