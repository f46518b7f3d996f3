//! Steps without end on landscapes that nobody should train on.

use super::TestArgs;
use super::part::{Part, QEMU, report, tell};
use crate::device::qemu::MPS2_AN386;
use crate::soak;
use workbench::document::SOAK;

/// Steps of each optimizer on each landscape, in a second or two.
const FEW: u32 = 10_000;
/// Twelve million of each optimizer: on six landscapes, with and without a rate that is halved.
const MANY: u32 = 1_000_000;
/// On the device: a million in all.
const MANY_ON_THE_DEVICE: u32 = 7_000;

pub fn part(args: &TestArgs) -> Part {
    let write = args.write;
    Part::new("soak", args)
        .test("ten_thousand_steps_of_every_optimizer_keep_every_promise", || {
            soak::desktop(FEW).map(drop)
        })
        .needs(&[QEMU])
        .builds_for(&[MPS2_AN386.target])
        .test(
            "a_thousand_steps_of_every_optimizer_on_the_cortex_m4f_have_the_desktops_bits",
            || {
                tell(soak::device(FEW / 10)?);
                Ok(())
            },
        )
        .long_test("millions_of_steps_of_every_optimizer_keep_every_promise", move || {
            let (desktop, device) = (soak::desktop(MANY)?, soak::device(MANY_ON_THE_DEVICE)?);
            let text = format!(
                "`cargo xtask test soak --long --write`; `cargo xtask soak` prints it too.\n\n\
                 {desktop}\n\n{device}"
            );
            report(write, SOAK, &text)
        })
}
