//! The products of rows with an input of two blocks, which stays in registers.

use crate::kernels::scalar::Block;
use core::arch::naked_asm;

/// Does what `multiply` of `scalar/blocks.rs` does, for an input of two blocks.
#[inline(always)]
pub fn multiply(weights: &[Block], biases: &[f32], input: &[Block; 2], output: &mut [f32]) {
    let rows = (weights.len() / input.len()).min(biases.len()).min(output.len());
    if rows > 0 {
        let (weights, biases) = (weights.as_ptr().cast(), biases.as_ptr());
        let (input, output) = (input.as_ptr().cast(), output.as_mut_ptr());
        // SAFETY: there are no fewer rows of two blocks, biases and outputs.
        unsafe { multiply_in(weights, input, biases, output, rows) }
    }
}

/// Does the work of [`multiply`]. A row is in `s16` to `s31`; the first block's products are the
/// sums, since nothing was added before. The number of rows is on the stack, behind the 64 bytes
/// that are kept there.
///
/// # Safety
///
/// The input is two blocks, and there are so many rows of two blocks, biases and outputs, at least
/// one.
#[unsafe(naked)]
unsafe extern "C" fn multiply_in(
    weights: *const f32,
    input: *const f32,
    biases: *const f32,
    output: *mut f32,
    rows: usize,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "vpush {{d8-d15}}",
        "ldr r12, [sp, #64]",
        "vldmia r1, {{s0-s15}}",
        "2:",
        "vldmia r0!, {{s16-s31}}",
        "vmul.f32 s16, s16, s0",
        "vmul.f32 s17, s17, s1",
        "vmul.f32 s18, s18, s2",
        "vmul.f32 s19, s19, s3",
        "vmul.f32 s20, s20, s4",
        "vmul.f32 s21, s21, s5",
        "vmul.f32 s22, s22, s6",
        "vmul.f32 s23, s23, s7",
        "vmul.f32 s24, s24, s8",
        "vmul.f32 s25, s25, s9",
        "vmul.f32 s26, s26, s10",
        "vmul.f32 s27, s27, s11",
        "vmul.f32 s28, s28, s12",
        "vmul.f32 s29, s29, s13",
        "vmul.f32 s30, s30, s14",
        "vmul.f32 s31, s31, s15",
        "vadd.f32 s16, s16, s24",
        "vadd.f32 s17, s17, s25",
        "vadd.f32 s18, s18, s26",
        "vadd.f32 s19, s19, s27",
        "vadd.f32 s20, s20, s28",
        "vadd.f32 s21, s21, s29",
        "vadd.f32 s22, s22, s30",
        "vadd.f32 s23, s23, s31",
        "vadd.f32 s16, s16, s20",
        "vadd.f32 s17, s17, s21",
        "vadd.f32 s18, s18, s22",
        "vadd.f32 s19, s19, s23",
        "vadd.f32 s16, s16, s18",
        "vadd.f32 s17, s17, s19",
        "vldmia r2!, {{s24}}",
        "vadd.f32 s16, s16, s17",
        "subs r12, r12, #1",
        "vadd.f32 s16, s24, s16",
        "vstmia r3!, {{s16}}",
        "bne 2b",
        "vpop {{d8-d15}}",
        "bx lr",
    )
}
