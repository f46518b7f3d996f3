//! Six cores against the desktop and against the committed table.

use super::TestArgs;
use super::part::{Part, QEMU, compared};
use crate::cores::{self, Agreement};
use crate::device::qemu::MACHINES;
use anyhow::{Error, Result};
use std::sync::LazyLock;

/// All of them are run once, for both tests.
static RUN: LazyLock<Result<Agreement, String>> =
    LazyLock::new(|| cores::check().map_err(|error| format!("{error:#}")));

pub fn part(args: &TestArgs) -> Part {
    Part::new("cores", args)
        .needs(&[QEMU])
        .builds_for(&MACHINES.map(|machine| machine.target))
        .test("six_cores_give_the_desktops_bits_and_the_committed_hashes_and_accuracy", || {
            agreement().map(drop)
        })
        .test_or_skip("instructions_flash_and_ram_of_six_cores_are_the_committed_ones", || {
            agreement().map(compared)
        })
}

fn agreement() -> Result<Agreement> {
    RUN.clone().map_err(Error::msg)
}
