//! `librolling_ball.a`: the whole C interface, for losses that are written in C and for `rb_mlp`.
//! What `rolling-ball import --c-library` makes for a network is such a library too.

#![no_std]

// What it exports is in the library because it is named here.
use rolling_ball_c as _;

/// No function of the header can reach this. `cargo xtask test` verifies that on the linked code.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
