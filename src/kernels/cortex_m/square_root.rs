//! The square root, by VSQRT.

use core::arch::naked_asm;

/// The square root, rounded as every target rounds it.
#[inline(always)]
pub fn sqrt(value: f32) -> f32 {
    sqrt_in(value)
}

/// Does the work of [`sqrt`].
#[unsafe(naked)]
extern "C" fn sqrt_in(value: f32) -> f32 {
    naked_asm!(".fpu fpv4-sp-d16", "vsqrt.f32 s0, s0", "bx lr")
}
