//! What the ball adds to a firmware's flash.

use super::TestArgs;
use super::part::{Part, tell};
use crate::device::qemu::MPS2_AN386;
use crate::size;

pub fn part(args: &TestArgs) -> Part {
    Part::new("flash", args).builds_for(&[MPS2_AN386.target]).test(
        "the_ball_adds_at_most_5_700_bytes_of_flash_over_sgd_on_the_cortex_m4f",
        || {
            let added = size::check()?;
            tell(format!("the ball with its kernels adds {added} bytes of flash over SGD"));
            Ok(())
        },
    )
}
