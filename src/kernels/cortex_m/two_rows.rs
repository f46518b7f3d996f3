//! The products of two rows with one input.

use super::sixteen_columns;
use crate::kernels::scalar::Block;
use core::arch::naked_asm;

/// Computes `output[r] = biases[r] + weights[r] . input`, two rows at a time, for rows of at most a
/// panel.
#[inline(always)]
pub fn multiply(weights: &[Block], biases: &[[f32; 2]], input: &[Block], output: &mut [[f32; 2]]) {
    if let Ok(input) = input.try_into() {
        let (biases, output) = (biases.as_flattened(), output.as_flattened_mut());
        return sixteen_columns::multiply(weights, biases, input, output);
    }
    let blocks = input.len();
    let rows = weights.len().checked_div(blocks).unwrap_or_default();
    let pairs = (rows / 2).min(biases.len()).min(output.len());
    if pairs > 0 {
        let (weights, biases) = (weights.as_ptr().cast(), biases.as_ptr().cast());
        let (input, output) = (input.as_ptr().cast(), output.as_mut_ptr().cast());
        // SAFETY: there are no fewer rows, each as long as the input, and no fewer of the others.
        unsafe { multiply_in(weights, input, biases, output, blocks, pairs) }
    }
}

/// Does the work of [`multiply`]. `r4` is where the second row of a pair is; its sums are in `s24`
/// to `s31`, those of the first in `s16` to `s23`. The first block's products are the sums, since
/// nothing was added before. What is on the stack lies behind the 80 bytes that are kept there.
///
/// # Safety
///
/// The input is so many blocks, at least one, and there are so many pairs, at least one, of rows of
/// as many blocks, of biases and of outputs.
#[unsafe(naked)]
unsafe extern "C" fn multiply_in(
    weights: *const f32,
    input: *const f32,
    biases: *const f32,
    output: *mut f32,
    blocks: usize,
    pairs: usize,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r7}}",
        "vpush {{d8-d15}}",
        "ldr r12, [sp, #80]",
        "ldr r7, [sp, #84]",
        "1:",
        "add r4, r0, r12, lsl #5",
        "mov r5, r1",
        "subs r6, r12, #1",
        "vldmia r5!, {{s0-s7}}",
        "vldmia r0!, {{s16-s23}}",
        "vmul.f32 s16, s16, s0",
        "vmul.f32 s17, s17, s1",
        "vmul.f32 s18, s18, s2",
        "vmul.f32 s19, s19, s3",
        "vmul.f32 s20, s20, s4",
        "vmul.f32 s21, s21, s5",
        "vmul.f32 s22, s22, s6",
        "vmul.f32 s23, s23, s7",
        "vldmia r4!, {{s24-s31}}",
        "vmul.f32 s24, s24, s0",
        "vmul.f32 s25, s25, s1",
        "vmul.f32 s26, s26, s2",
        "vmul.f32 s27, s27, s3",
        "vmul.f32 s28, s28, s4",
        "vmul.f32 s29, s29, s5",
        "vmul.f32 s30, s30, s6",
        "vmul.f32 s31, s31, s7",
        "beq 3f",
        "2:",
        "vldmia r5!, {{s0-s7}}",
        "vldmia r0!, {{s8-s15}}",
        "vmul.f32 s8, s8, s0",
        "vmul.f32 s9, s9, s1",
        "vmul.f32 s10, s10, s2",
        "vmul.f32 s11, s11, s3",
        "vmul.f32 s12, s12, s4",
        "vmul.f32 s13, s13, s5",
        "vmul.f32 s14, s14, s6",
        "vmul.f32 s15, s15, s7",
        "vadd.f32 s16, s16, s8",
        "vadd.f32 s17, s17, s9",
        "vadd.f32 s18, s18, s10",
        "vadd.f32 s19, s19, s11",
        "vadd.f32 s20, s20, s12",
        "vadd.f32 s21, s21, s13",
        "vadd.f32 s22, s22, s14",
        "vadd.f32 s23, s23, s15",
        "vldmia r4!, {{s8-s15}}",
        "vmul.f32 s8, s8, s0",
        "vmul.f32 s9, s9, s1",
        "vmul.f32 s10, s10, s2",
        "vmul.f32 s11, s11, s3",
        "vmul.f32 s12, s12, s4",
        "vmul.f32 s13, s13, s5",
        "vmul.f32 s14, s14, s6",
        "vmul.f32 s15, s15, s7",
        "vadd.f32 s24, s24, s8",
        "vadd.f32 s25, s25, s9",
        "vadd.f32 s26, s26, s10",
        "vadd.f32 s27, s27, s11",
        "vadd.f32 s28, s28, s12",
        "vadd.f32 s29, s29, s13",
        "vadd.f32 s30, s30, s14",
        "vadd.f32 s31, s31, s15",
        "subs r6, r6, #1",
        "bne 2b",
        "3:",
        "vadd.f32 s16, s16, s20",
        "vadd.f32 s17, s17, s21",
        "vadd.f32 s18, s18, s22",
        "vadd.f32 s19, s19, s23",
        "vadd.f32 s24, s24, s28",
        "vadd.f32 s25, s25, s29",
        "vadd.f32 s26, s26, s30",
        "vadd.f32 s27, s27, s31",
        "vadd.f32 s16, s16, s18",
        "vadd.f32 s17, s17, s19",
        "vadd.f32 s24, s24, s26",
        "vadd.f32 s25, s25, s27",
        "vadd.f32 s16, s16, s17",
        "vadd.f32 s24, s24, s25",
        "vldmia r2!, {{s0-s1}}",
        "vadd.f32 s0, s0, s16",
        "vadd.f32 s1, s1, s24",
        "vstmia r3!, {{s0-s1}}",
        "mov r0, r4",
        "subs r7, r7, #1",
        "bne 1b",
        "vpop {{d8-d15}}",
        "pop {{r4-r7}}",
        "bx lr",
    )
}
