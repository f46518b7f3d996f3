//! A firmware without its image must say so and fail, not hang.

use super::TestArgs;
use super::faults::refused;
use super::part::{Part, QEMU};
use crate::demo::plan::{Plan, PlanArgs};
use crate::device::qemu::MPS2_AN386;
use crate::device::{self, Build};
use anyhow::{Context, Result, ensure};
use rolling_ball_rehearsal::OptimizerKind;

pub fn part(args: &TestArgs) -> Part {
    Part::new("images", args)
        .needs(&[QEMU])
        .builds_for(&[MPS2_AN386.target])
        .test("a_firmware_without_an_image_says_so_and_fails", || {
            let said = complaint("nothing", b"")?;
            ensure!(said.contains("not a flash image"), "without an image it said {said:?}");
            Ok(())
        })
        .test("a_firmware_with_a_damaged_image_says_so_and_fails", || {
            let mut image = Plan::prepare(&PlanArgs::digits(OptimizerKind::Ball))?.image;
            *image.last_mut().context("the image is empty")? ^= 1;
            let said = complaint("damaged", &image)?;
            ensure!(said.contains("checksum"), "with a damaged image it said {said:?}");
            Ok(())
        })
}

/// What the firmware of the digits complains of with this image.
fn complaint(folder: &str, image: &[u8]) -> Result<String> {
    device::write_image(folder, "digits", image)?;
    let firmware = Build::firmware(folder, &MPS2_AN386, "digits").run()?;
    refused(&MPS2_AN386, &firmware, None)
}
