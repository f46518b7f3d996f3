//! Instructions, and estimated cycles, against the committed ones: of a step on a microcontroller,
//! and of the kernels on the desktop.

use super::TestArgs;
use super::part::{Part, QEMU, compared};
use crate::bench::{int8, kernels, mcu};
use workbench::progress::during;

pub fn part(args: &TestArgs) -> Part {
    Part::new("instructions", args)
        .needs(&[QEMU])
        .test_or_skip(
            "no_step_takes_over_2_per_cent_more_cycles_or_instructions_than_the_committed_ones",
            || mcu::check().map(compared),
        )
        .test_or_skip(
            "no_int8_layer_takes_over_2_per_cent_more_instructions_than_the_committed_ones",
            || int8::check().map(compared),
        )
        .needs(&[("valgrind", "valgrind")])
        .test_or_skip(
            "no_kernel_takes_over_2_per_cent_more_instructions_than_the_committed_ones",
            || during("kernels in valgrind", kernels::check).map(compared),
        )
}
