//! A board makes rounds with a gateway over its serial port, loses its power in the middle of a
//! save and of an upload, and has the bits of the desktop; a small federation does too.

use super::TestArgs;
use super::part::{Part, QEMU, skipped, tell};
use crate::device::qemu::MPS2_AN386;
use crate::{fleet, rounds};
use anyhow::Result;
use libtest_mimic::Completion;

pub fn part(args: &TestArgs) -> Part {
    Part::new("fleet", args)
        .builds_for(&[MPS2_AN386.target])
        .needs(&[QEMU])
        .test(
            "a_board_that_is_killed_in_a_save_and_in_an_upload_has_the_bits_of_the_desktop",
            rounds::check,
        )
        .test("the_protocol_of_a_fleet_adds_no_more_to_a_device_than_is_promised", || {
            rounds::added().map(|_| ())
        })
        .needs(&[])
        .long_test_or_skip("the_app_of_the_fleet_passes_its_own_tests", || {
            told(fleet::small::app()?)
        })
        .long_test_or_skip(
            "a_small_federation_in_flowers_engine_has_the_bits_of_its_rehearsal",
            || told(fleet::small::federation()?),
        )
}

fn told(outcome: Result<String, String>) -> Result<Completion> {
    match outcome {
        Ok(figure) => {
            tell(figure);
            Ok(Completion::Completed)
        }
        Err(reason) => Ok(skipped(reason)),
    }
}
