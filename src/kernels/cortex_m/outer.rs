//! Products of a block with factors, for the gradient of weights.

use crate::kernels::scalar::Block;
use core::arch::naked_asm;

/// Computes `targets[r] (+)= factors[r] * x` over the blocks of `x`, with which each target begins;
/// each is `width` long.
#[inline(always)]
pub fn outer(width: usize, x: &[Block], factors: &[f32], targets: &mut [f32], add: bool) {
    let rows = rows(width, x, targets).min(factors.len());
    if rows > 0 {
        let (blocks, stride) = (x.len(), width.wrapping_mul(4));
        let (y, x, factors) = (targets.as_mut_ptr(), x.as_ptr().cast(), factors.as_ptr());
        // SAFETY: there are no fewer factors, and `rows` says how many targets have the blocks.
        unsafe {
            if add {
                outer_add_in(y, x, factors, rows, stride, blocks);
            } else {
                outer_in(y, x, factors, rows, stride, blocks);
            }
        }
    }
}

/// Does the work of [`outer`] where nothing is added. `r4` is where the target's block is, `r5` the
/// factor, and `r6` counts the rows. What is on the stack lies behind the 24 bytes that are kept
/// there.
///
/// # Safety
///
/// `x` is so many blocks, at least one, there are so many factors, at least one, and `y` is as many
/// targets with as many blocks each, `stride` bytes apart.
#[unsafe(naked)]
unsafe extern "C" fn outer_in(
    y: *mut f32,
    x: *const f32,
    factors: *const f32,
    rows: usize,
    stride: usize,
    blocks: usize,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r7}}",
        "vpush {{d8}}",
        "ldr r12, [sp, #24]",
        "ldr r7, [sp, #28]",
        "1:",
        "vldmia r1!, {{s0-s7}}",
        "mov r4, r0",
        "mov r5, r2",
        "mov r6, r3",
        "2:",
        "vldmia r5!, {{s16}}",
        "vmul.f32 s8, s0, s16",
        "vmul.f32 s9, s1, s16",
        "vmul.f32 s10, s2, s16",
        "vmul.f32 s11, s3, s16",
        "vmul.f32 s12, s4, s16",
        "vmul.f32 s13, s5, s16",
        "vmul.f32 s14, s6, s16",
        "vmul.f32 s15, s7, s16",
        "subs r6, r6, #1",
        "vstmia r4, {{s8-s15}}",
        "add r4, r4, r12",
        "bne 2b",
        "add r0, r0, #32",
        "subs r7, r7, #1",
        "bne 1b",
        "vpop {{d8}}",
        "pop {{r4-r7}}",
        "bx lr",
    )
}

/// Does the work of [`outer`] where it is added. What is on the stack lies behind 56 bytes.
///
/// # Safety
///
/// The caller promises what it promises for [`outer_in`].
#[unsafe(naked)]
unsafe extern "C" fn outer_add_in(
    y: *mut f32,
    x: *const f32,
    factors: *const f32,
    rows: usize,
    stride: usize,
    blocks: usize,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r7}}",
        "vpush {{d8-d12}}",
        "ldr r12, [sp, #56]",
        "ldr r7, [sp, #60]",
        "1:",
        "vldmia r1!, {{s0-s7}}",
        "mov r4, r0",
        "mov r5, r2",
        "mov r6, r3",
        "2:",
        "vldmia r5!, {{s24}}",
        "vldmia r4, {{s16-s23}}",
        "vmul.f32 s8, s0, s24",
        "vmul.f32 s9, s1, s24",
        "vmul.f32 s10, s2, s24",
        "vmul.f32 s11, s3, s24",
        "vmul.f32 s12, s4, s24",
        "vmul.f32 s13, s5, s24",
        "vmul.f32 s14, s6, s24",
        "vmul.f32 s15, s7, s24",
        "vadd.f32 s16, s16, s8",
        "vadd.f32 s17, s17, s9",
        "vadd.f32 s18, s18, s10",
        "vadd.f32 s19, s19, s11",
        "vadd.f32 s20, s20, s12",
        "vadd.f32 s21, s21, s13",
        "vadd.f32 s22, s22, s14",
        "vadd.f32 s23, s23, s15",
        "subs r6, r6, #1",
        "vstmia r4, {{s16-s23}}",
        "add r4, r4, r12",
        "bne 2b",
        "add r0, r0, #32",
        "subs r7, r7, #1",
        "bne 1b",
        "vpop {{d8-d12}}",
        "pop {{r4-r7}}",
        "bx lr",
    )
}

/// Does what [`outer`] does for two rows, one after the other.
#[inline(always)]
pub fn outer_two(
    width: usize,
    [x, z]: [&[Block]; 2],
    [factors, others]: [&[f32]; 2],
    targets: &mut [f32],
    add: bool,
) {
    let rows = rows(width, x, targets).min(factors.len()).min(others.len());
    if rows > 0 && x.len() == z.len() {
        let (blocks, stride, y) = (x.len(), width.wrapping_mul(4), targets.as_mut_ptr());
        let (x, z) = (x.as_ptr().cast(), z.as_ptr().cast());
        let (factors, others) = (factors.as_ptr(), others.as_ptr());
        // SAFETY: there are no fewer factors, and `rows` says how many targets have the blocks.
        unsafe {
            if add {
                outer_two_add_in(y, x, z, factors, others, stride, rows, blocks);
            } else {
                outer_two_in(y, x, z, factors, others, stride, rows, blocks);
            }
        }
    }
}

/// Does the work of [`outer_two`] where nothing is added. `r8` is where the target's block is, `r9`
/// and `r10` the factors, and `r11` counts the rows. What is on the stack lies behind the 88 bytes
/// that are kept there.
///
/// # Safety
///
/// The caller promises what it promises for [`outer_in`], with as many blocks `z` as `x` and two
/// rows of factors.
#[unsafe(naked)]
unsafe extern "C" fn outer_two_in(
    y: *mut f32,
    x: *const f32,
    z: *const f32,
    factors: *const f32,
    others: *const f32,
    stride: usize,
    rows: usize,
    blocks: usize,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r11}}",
        "vpush {{d8-d14}}",
        "add r12, sp, #88",
        "ldmia r12, {{r4-r7}}",
        "1:",
        "vldmia r1!, {{s0-s7}}",
        "vldmia r2!, {{s8-s15}}",
        "mov r8, r0",
        "mov r9, r3",
        "mov r10, r4",
        "mov r11, r6",
        "2:",
        "vldmia r9!, {{s24}}",
        "vldmia r10!, {{s25}}",
        "vmul.f32 s16, s0, s24",
        "vmul.f32 s17, s1, s24",
        "vmul.f32 s18, s2, s24",
        "vmul.f32 s19, s3, s24",
        "vmul.f32 s20, s4, s24",
        "vmul.f32 s21, s5, s24",
        "vmul.f32 s22, s6, s24",
        "vmul.f32 s23, s7, s24",
        "vmul.f32 s26, s8, s25",
        "vmul.f32 s27, s9, s25",
        "vmul.f32 s28, s10, s25",
        "vmul.f32 s29, s11, s25",
        "vadd.f32 s16, s16, s26",
        "vadd.f32 s17, s17, s27",
        "vadd.f32 s18, s18, s28",
        "vadd.f32 s19, s19, s29",
        "vmul.f32 s26, s12, s25",
        "vmul.f32 s27, s13, s25",
        "vmul.f32 s28, s14, s25",
        "vmul.f32 s29, s15, s25",
        "vadd.f32 s20, s20, s26",
        "vadd.f32 s21, s21, s27",
        "vadd.f32 s22, s22, s28",
        "vadd.f32 s23, s23, s29",
        "subs r11, r11, #1",
        "vstmia r8, {{s16-s23}}",
        "add r8, r8, r5",
        "bne 2b",
        "add r0, r0, #32",
        "subs r7, r7, #1",
        "bne 1b",
        "vpop {{d8-d14}}",
        "pop {{r4-r11}}",
        "bx lr",
    )
}

/// Does the work of [`outer_two`] where it is added.
///
/// # Safety
///
/// The caller promises what it promises for [`outer_two_in`].
#[unsafe(naked)]
unsafe extern "C" fn outer_two_add_in(
    y: *mut f32,
    x: *const f32,
    z: *const f32,
    factors: *const f32,
    others: *const f32,
    stride: usize,
    rows: usize,
    blocks: usize,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r11}}",
        "vpush {{d8-d14}}",
        "add r12, sp, #88",
        "ldmia r12, {{r4-r7}}",
        "1:",
        "vldmia r1!, {{s0-s7}}",
        "vldmia r2!, {{s8-s15}}",
        "mov r8, r0",
        "mov r9, r3",
        "mov r10, r4",
        "mov r11, r6",
        "2:",
        "vldmia r9!, {{s24}}",
        "vldmia r10!, {{s25}}",
        "vldmia r8, {{s16-s23}}",
        "vmul.f32 s26, s0, s24",
        "vmul.f32 s27, s1, s24",
        "vmul.f32 s28, s2, s24",
        "vmul.f32 s29, s3, s24",
        "vadd.f32 s16, s16, s26",
        "vadd.f32 s17, s17, s27",
        "vadd.f32 s18, s18, s28",
        "vadd.f32 s19, s19, s29",
        "vmul.f32 s26, s4, s24",
        "vmul.f32 s27, s5, s24",
        "vmul.f32 s28, s6, s24",
        "vmul.f32 s29, s7, s24",
        "vadd.f32 s20, s20, s26",
        "vadd.f32 s21, s21, s27",
        "vadd.f32 s22, s22, s28",
        "vadd.f32 s23, s23, s29",
        "vmul.f32 s26, s8, s25",
        "vmul.f32 s27, s9, s25",
        "vmul.f32 s28, s10, s25",
        "vmul.f32 s29, s11, s25",
        "vadd.f32 s16, s16, s26",
        "vadd.f32 s17, s17, s27",
        "vadd.f32 s18, s18, s28",
        "vadd.f32 s19, s19, s29",
        "vmul.f32 s26, s12, s25",
        "vmul.f32 s27, s13, s25",
        "vmul.f32 s28, s14, s25",
        "vmul.f32 s29, s15, s25",
        "vadd.f32 s20, s20, s26",
        "vadd.f32 s21, s21, s27",
        "vadd.f32 s22, s22, s28",
        "vadd.f32 s23, s23, s29",
        "subs r11, r11, #1",
        "vstmia r8, {{s16-s23}}",
        "add r8, r8, r5",
        "bne 2b",
        "add r0, r0, #32",
        "subs r7, r7, #1",
        "bne 1b",
        "vpop {{d8-d14}}",
        "pop {{r4-r11}}",
        "bx lr",
    )
}

/// How many whole targets, `width` long, have all blocks of `x`; none where there are no blocks.
fn rows(width: usize, x: &[Block], targets: &[f32]) -> usize {
    let floats = x.as_flattened().len();
    let whole = targets.len().checked_div(width).unwrap_or_default();
    if floats > 0 && floats <= width { whole } else { 0 }
}
