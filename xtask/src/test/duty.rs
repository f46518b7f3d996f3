//! Learning beside a duty, and through power failures: nothing is missed, and the bits are the
//! desktop's.

use super::TestArgs;
use super::part::{Part, QEMU};
use crate::device::qemu::MPS2_AN386;
use crate::{duty, resume};
use workbench::progress::during;

pub fn part(args: &TestArgs) -> Part {
    let target = MPS2_AN386.target;
    let mut part = Part::new("duty", args).needs(&[QEMU]).builds_for(&[target]);
    for name in duty::FIRMWARES {
        part =
            part.test(format!("the_{name}_firmware_learns_without_missing_a_reading"), move || {
                let keep = || duty::keep(name, duty::expected_hash()?);
                during(&format!("{name} in QEMU"), keep).map(drop)
            });
    }
    part.test("the_watchdog_ends_a_main_loop_that_evaluates_in_one_piece", || {
        // It leaves the image that the firmware is built around.
        duty::expected_hash()?;
        during("the watchdog in QEMU", duty::neglect).map(drop)
    })
    .test("a_training_whose_power_fails_again_and_again_ends_with_the_desktops_bits", || {
        during("power failures in QEMU", resume::check).map(drop)
    })
}
