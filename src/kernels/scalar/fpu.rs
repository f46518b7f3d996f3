//! The loops over whole blocks that take most of a training, for cores with a single-precision unit
//! of 32 registers and no vectors: Cortex-M4F, M7F and M33F.
//!
//! On these a row of loads, or of stores, is one instruction that takes one cycle more than there
//! are words, where each by itself takes two; and a result that the next instruction reads costs a
//! cycle. The compiler knows neither. Each function has a twin in `blocks.rs`, which all other
//! cores use, and which computes the same bits.
//!
//! The functions are naked since stable Rust names no register of that unit in `asm!` on these
//! targets; `.fpu` says which instructions there are where the linker reads them once more. They
//! follow the procedure call standard: the first four words are in `r0` to `r3`, the first floats
//! in `s0` and `s1`; `s16` to `s31` are put back, and so is all else but `r0` to `r3`, `r12`, `s0`
//! to `s15` and the flags.

#![allow(unsafe_code)]

use super::blocks::Block;
use super::{LANES, Lanes};
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

/// Adds the squares of `a`, and those of `b`, to the lanes.
#[inline(always)]
pub fn squares(lanes: &mut Lanes<2>, a: &[Block], b: &[Block]) {
    let blocks = a.len().min(b.len());
    if blocks > 0 {
        let lanes = lanes.as_flattened_mut().as_mut_ptr();
        // SAFETY: neither slice has fewer blocks, and there are two lanes.
        unsafe { squares_in(a.as_ptr().cast(), b.as_ptr().cast(), blocks, lanes) }
    }
}

/// Does the work of [`squares`].
///
/// # Safety
///
/// `a` and `b` are so many blocks, at least one, and `lanes` are two.
#[unsafe(naked)]
unsafe extern "C" fn squares_in(a: *const f32, b: *const f32, blocks: usize, lanes: *mut f32) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "vpush {{d8-d15}}",
        "vldmia r3, {{s16-s31}}",
        "2:",
        "vldmia r0!, {{s0-s7}}",
        "vldmia r1!, {{s8-s15}}",
        "vmul.f32 s0, s0, s0",
        "vmul.f32 s1, s1, s1",
        "vmul.f32 s2, s2, s2",
        "vmul.f32 s3, s3, s3",
        "vmul.f32 s4, s4, s4",
        "vmul.f32 s5, s5, s5",
        "vmul.f32 s6, s6, s6",
        "vmul.f32 s7, s7, s7",
        "vmul.f32 s8, s8, s8",
        "vmul.f32 s9, s9, s9",
        "vmul.f32 s10, s10, s10",
        "vmul.f32 s11, s11, s11",
        "vmul.f32 s12, s12, s12",
        "vmul.f32 s13, s13, s13",
        "vmul.f32 s14, s14, s14",
        "vmul.f32 s15, s15, s15",
        "vadd.f32 s16, s16, s0",
        "vadd.f32 s17, s17, s1",
        "vadd.f32 s18, s18, s2",
        "vadd.f32 s19, s19, s3",
        "vadd.f32 s20, s20, s4",
        "vadd.f32 s21, s21, s5",
        "vadd.f32 s22, s22, s6",
        "vadd.f32 s23, s23, s7",
        "vadd.f32 s24, s24, s8",
        "vadd.f32 s25, s25, s9",
        "vadd.f32 s26, s26, s10",
        "vadd.f32 s27, s27, s11",
        "vadd.f32 s28, s28, s12",
        "vadd.f32 s29, s29, s13",
        "vadd.f32 s30, s30, s14",
        "vadd.f32 s31, s31, s15",
        "subs r2, r2, #1",
        "bne 2b",
        "vstmia r3, {{s16-s31}}",
        "vpop {{d8-d15}}",
        "bx lr",
    )
}

/// Adds the squares of `a`, and the products of `a` and `b`, to the lanes.
#[inline(always)]
pub fn square_and_dot(lanes: &mut Lanes<2>, a: &[Block], b: &[Block]) {
    let blocks = a.len().min(b.len());
    if blocks > 0 {
        let lanes = lanes.as_flattened_mut().as_mut_ptr();
        // SAFETY: neither slice has fewer blocks, and there are two lanes.
        unsafe { square_and_dot_in(a.as_ptr().cast(), b.as_ptr().cast(), blocks, lanes) }
    }
}

/// Does the work of [`square_and_dot`].
///
/// # Safety
///
/// `a` and `b` are so many blocks, at least one, and `lanes` are two.
#[unsafe(naked)]
unsafe extern "C" fn square_and_dot_in(
    a: *const f32,
    b: *const f32,
    blocks: usize,
    lanes: *mut f32,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "vpush {{d8-d15}}",
        "vldmia r3, {{s16-s31}}",
        "2:",
        "vldmia r0!, {{s0-s7}}",
        "vldmia r1!, {{s8-s15}}",
        "vmul.f32 s8, s8, s0",
        "vmul.f32 s9, s9, s1",
        "vmul.f32 s10, s10, s2",
        "vmul.f32 s11, s11, s3",
        "vmul.f32 s12, s12, s4",
        "vmul.f32 s13, s13, s5",
        "vmul.f32 s14, s14, s6",
        "vmul.f32 s15, s15, s7",
        "vmul.f32 s0, s0, s0",
        "vmul.f32 s1, s1, s1",
        "vmul.f32 s2, s2, s2",
        "vmul.f32 s3, s3, s3",
        "vmul.f32 s4, s4, s4",
        "vmul.f32 s5, s5, s5",
        "vmul.f32 s6, s6, s6",
        "vmul.f32 s7, s7, s7",
        "vadd.f32 s24, s24, s8",
        "vadd.f32 s25, s25, s9",
        "vadd.f32 s26, s26, s10",
        "vadd.f32 s27, s27, s11",
        "vadd.f32 s28, s28, s12",
        "vadd.f32 s29, s29, s13",
        "vadd.f32 s30, s30, s14",
        "vadd.f32 s31, s31, s15",
        "vadd.f32 s16, s16, s0",
        "vadd.f32 s17, s17, s1",
        "vadd.f32 s18, s18, s2",
        "vadd.f32 s19, s19, s3",
        "vadd.f32 s20, s20, s4",
        "vadd.f32 s21, s21, s5",
        "vadd.f32 s22, s22, s6",
        "vadd.f32 s23, s23, s7",
        "subs r2, r2, #1",
        "bne 2b",
        "vstmia r3, {{s16-s31}}",
        "vpop {{d8-d15}}",
        "bx lr",
    )
}

/// Moves theta by `-rate * gradient`, leaves the old theta in the gradient, and adds the squares of
/// both, as they were, to the lanes.
#[inline(always)]
pub fn descend(lanes: &mut Lanes<2>, theta: &mut [Block], gradient: &mut [Block], rate: f32) {
    let blocks = theta.len().min(gradient.len());
    if blocks > 0 {
        let (theta, gradient) = (theta.as_mut_ptr().cast(), gradient.as_mut_ptr().cast());
        let lanes = lanes.as_flattened_mut().as_mut_ptr();
        // SAFETY: neither slice has fewer blocks, and there are two lanes.
        unsafe { descend_in(theta, gradient, blocks, lanes, rate) }
    }
}

/// Does the work of [`descend`]. Four elements at a time are in `s1` to `s4` (theta) and `s5` to
/// `s8` (gradient).
///
/// # Safety
///
/// `theta` and `gradient` are so many blocks, at least one, and `lanes` are two.
#[unsafe(naked)]
unsafe extern "C" fn descend_in(
    theta: *mut f32,
    gradient: *mut f32,
    blocks: usize,
    lanes: *mut f32,
    rate: f32,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "vpush {{d8-d15}}",
        "vldmia r3, {{s16-s31}}",
        "2:",
        "vldmia r0, {{s1-s4}}",
        "vldmia r1, {{s5-s8}}",
        "vmul.f32 s9, s5, s0",
        "vmul.f32 s10, s6, s0",
        "vmul.f32 s11, s7, s0",
        "vmul.f32 s12, s8, s0",
        "vstmia r1!, {{s1-s4}}",
        "vsub.f32 s9, s1, s9",
        "vsub.f32 s10, s2, s10",
        "vsub.f32 s11, s3, s11",
        "vsub.f32 s12, s4, s12",
        "vmul.f32 s1, s1, s1",
        "vmul.f32 s2, s2, s2",
        "vmul.f32 s3, s3, s3",
        "vmul.f32 s4, s4, s4",
        "vstmia r0!, {{s9-s12}}",
        "vmul.f32 s5, s5, s5",
        "vmul.f32 s6, s6, s6",
        "vmul.f32 s7, s7, s7",
        "vmul.f32 s8, s8, s8",
        "vadd.f32 s16, s16, s1",
        "vadd.f32 s17, s17, s2",
        "vadd.f32 s18, s18, s3",
        "vadd.f32 s19, s19, s4",
        "vadd.f32 s24, s24, s5",
        "vadd.f32 s25, s25, s6",
        "vadd.f32 s26, s26, s7",
        "vadd.f32 s27, s27, s8",
        "vldmia r0, {{s1-s4}}",
        "vldmia r1, {{s5-s8}}",
        "vmul.f32 s9, s5, s0",
        "vmul.f32 s10, s6, s0",
        "vmul.f32 s11, s7, s0",
        "vmul.f32 s12, s8, s0",
        "vstmia r1!, {{s1-s4}}",
        "vsub.f32 s9, s1, s9",
        "vsub.f32 s10, s2, s10",
        "vsub.f32 s11, s3, s11",
        "vsub.f32 s12, s4, s12",
        "vmul.f32 s1, s1, s1",
        "vmul.f32 s2, s2, s2",
        "vmul.f32 s3, s3, s3",
        "vmul.f32 s4, s4, s4",
        "vstmia r0!, {{s9-s12}}",
        "vmul.f32 s5, s5, s5",
        "vmul.f32 s6, s6, s6",
        "vmul.f32 s7, s7, s7",
        "vmul.f32 s8, s8, s8",
        "vadd.f32 s20, s20, s1",
        "vadd.f32 s21, s21, s2",
        "vadd.f32 s22, s22, s3",
        "vadd.f32 s23, s23, s4",
        "vadd.f32 s28, s28, s5",
        "vadd.f32 s29, s29, s6",
        "vadd.f32 s30, s30, s7",
        "vadd.f32 s31, s31, s8",
        "subs r2, r2, #1",
        "bne 2b",
        "vstmia r3, {{s16-s31}}",
        "vpop {{d8-d15}}",
        "bx lr",
    )
}

/// Does to whole blocks what `VectorOps::roll` does, and adds the squares of theta's move to the
/// lanes.
#[inline(always)]
pub fn roll(
    lanes: &mut Block,
    theta: &mut [Block],
    offset: &mut [Block],
    gradient: &mut [Block],
    (rate, reach): (f32, f32),
) {
    let blocks = theta.len().min(offset.len()).min(gradient.len());
    if blocks > 0 {
        let (theta, offset) = (theta.as_mut_ptr().cast(), offset.as_mut_ptr().cast());
        let (gradient, lanes) = (gradient.as_mut_ptr().cast(), lanes.as_mut_ptr());
        // SAFETY: no slice has fewer blocks, and there are the lanes of one sum.
        unsafe { roll_in(theta, offset, gradient, lanes, rate, reach, blocks) }
    }
}

/// Does the work of [`roll`]. Four elements at a time are in `s0` to `s3` (theta), `s4` to `s7`
/// (offset, then centre, then the new theta) and `s8` to `s11` (gradient, then the new offset). The
/// number of blocks is on the stack, behind the 64 bytes that are kept there.
///
/// # Safety
///
/// `theta`, `offset` and `gradient` are so many blocks, at least one; `lanes` are those of one sum.
#[unsafe(naked)]
unsafe extern "C" fn roll_in(
    theta: *mut f32,
    offset: *mut f32,
    gradient: *mut f32,
    lanes: *mut f32,
    rate: f32,
    reach: f32,
    blocks: usize,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "vpush {{d8-d15}}",
        "vldmia r3, {{s24-s31}}",
        "vmov.f32 s16, s0",
        "vmov.f32 s17, s1",
        "ldr r12, [sp, #64]",
        "2:",
        "vldmia r0, {{s0-s3}}",
        "vldmia r1, {{s4-s7}}",
        "vldmia r2, {{s8-s11}}",
        "vsub.f32 s4, s0, s4",
        "vsub.f32 s5, s1, s5",
        "vsub.f32 s6, s2, s6",
        "vsub.f32 s7, s3, s7",
        "vmul.f32 s12, s8, s16",
        "vmul.f32 s13, s9, s16",
        "vmul.f32 s14, s10, s16",
        "vmul.f32 s15, s11, s16",
        "vmul.f32 s8, s8, s17",
        "vmul.f32 s9, s9, s17",
        "vmul.f32 s10, s10, s17",
        "vmul.f32 s11, s11, s17",
        "vsub.f32 s4, s4, s12",
        "vsub.f32 s5, s5, s13",
        "vsub.f32 s6, s6, s14",
        "vsub.f32 s7, s7, s15",
        "vstmia r2!, {{s0-s3}}",
        "vadd.f32 s4, s4, s8",
        "vadd.f32 s5, s5, s9",
        "vadd.f32 s6, s6, s10",
        "vadd.f32 s7, s7, s11",
        "vstmia r1!, {{s8-s11}}",
        "vsub.f32 s0, s4, s0",
        "vsub.f32 s1, s5, s1",
        "vsub.f32 s2, s6, s2",
        "vsub.f32 s3, s7, s3",
        "vstmia r0!, {{s4-s7}}",
        "vmul.f32 s0, s0, s0",
        "vmul.f32 s1, s1, s1",
        "vmul.f32 s2, s2, s2",
        "vmul.f32 s3, s3, s3",
        "vadd.f32 s24, s24, s0",
        "vadd.f32 s25, s25, s1",
        "vadd.f32 s26, s26, s2",
        "vadd.f32 s27, s27, s3",
        "vldmia r0, {{s0-s3}}",
        "vldmia r1, {{s4-s7}}",
        "vldmia r2, {{s8-s11}}",
        "vsub.f32 s4, s0, s4",
        "vsub.f32 s5, s1, s5",
        "vsub.f32 s6, s2, s6",
        "vsub.f32 s7, s3, s7",
        "vmul.f32 s12, s8, s16",
        "vmul.f32 s13, s9, s16",
        "vmul.f32 s14, s10, s16",
        "vmul.f32 s15, s11, s16",
        "vmul.f32 s8, s8, s17",
        "vmul.f32 s9, s9, s17",
        "vmul.f32 s10, s10, s17",
        "vmul.f32 s11, s11, s17",
        "vsub.f32 s4, s4, s12",
        "vsub.f32 s5, s5, s13",
        "vsub.f32 s6, s6, s14",
        "vsub.f32 s7, s7, s15",
        "vstmia r2!, {{s0-s3}}",
        "vadd.f32 s4, s4, s8",
        "vadd.f32 s5, s5, s9",
        "vadd.f32 s6, s6, s10",
        "vadd.f32 s7, s7, s11",
        "vstmia r1!, {{s8-s11}}",
        "vsub.f32 s0, s4, s0",
        "vsub.f32 s1, s5, s1",
        "vsub.f32 s2, s6, s2",
        "vsub.f32 s3, s7, s3",
        "vstmia r0!, {{s4-s7}}",
        "vmul.f32 s0, s0, s0",
        "vmul.f32 s1, s1, s1",
        "vmul.f32 s2, s2, s2",
        "vmul.f32 s3, s3, s3",
        "vadd.f32 s28, s28, s0",
        "vadd.f32 s29, s29, s1",
        "vadd.f32 s30, s30, s2",
        "vadd.f32 s31, s31, s3",
        "subs r12, r12, #1",
        "bne 2b",
        "vstmia r3, {{s24-s31}}",
        "vpop {{d8-d15}}",
        "bx lr",
    )
}

/// Computes `output[r] = biases[r] + weights[r] . input`, two rows at a time, for rows of at most a
/// panel.
#[inline(always)]
pub fn multiply(weights: &[Block], biases: &[[f32; 2]], input: &[Block], output: &mut [[f32; 2]]) {
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

/// Computes `targets[r][start..] (+)= factors[r] * x` over a block of each target, of which each is
/// `width` long.
#[inline(always)]
pub fn outer(
    (width, start): (usize, usize),
    x: &Block,
    factors: &[f32],
    targets: &mut [f32],
    add: bool,
) {
    let Some((y, rows)) = first(width, start, targets) else { return };
    let rows = rows.min(factors.len());
    if rows > 0 {
        let (x, factors, stride) = (x.as_ptr(), factors.as_ptr(), width.wrapping_mul(4));
        // SAFETY: there are no fewer factors, and `first` says how many targets have a block there.
        unsafe {
            if add {
                outer_add_in(y, x, factors, rows, stride);
            } else {
                outer_in(y, x, factors, rows, stride);
            }
        }
    }
}

/// Does the work of [`outer`] where nothing is added. The stride is on the stack, behind the 8
/// bytes that are kept there.
///
/// # Safety
///
/// `x` is a block, there are so many factors, at least one, and `y` is a block in each of as many
/// targets, `stride` bytes apart.
#[unsafe(naked)]
unsafe extern "C" fn outer_in(
    y: *mut f32,
    x: *const f32,
    factors: *const f32,
    rows: usize,
    stride: usize,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "vpush {{d8}}",
        "ldr r12, [sp, #8]",
        "vldmia r1, {{s0-s7}}",
        "2:",
        "vldmia r2!, {{s16}}",
        "vmul.f32 s8, s0, s16",
        "vmul.f32 s9, s1, s16",
        "vmul.f32 s10, s2, s16",
        "vmul.f32 s11, s3, s16",
        "vmul.f32 s12, s4, s16",
        "vmul.f32 s13, s5, s16",
        "vmul.f32 s14, s6, s16",
        "vmul.f32 s15, s7, s16",
        "vstmia r0, {{s8-s15}}",
        "add r0, r0, r12",
        "subs r3, r3, #1",
        "bne 2b",
        "vpop {{d8}}",
        "bx lr",
    )
}

/// Does the work of [`outer`] where it is added. The stride is behind 40 bytes.
///
/// # Safety
///
/// `x` is a block, there are so many factors, at least one, and `y` is a block in each of as many
/// targets, `stride` bytes apart.
#[unsafe(naked)]
unsafe extern "C" fn outer_add_in(
    y: *mut f32,
    x: *const f32,
    factors: *const f32,
    rows: usize,
    stride: usize,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "vpush {{d8-d12}}",
        "ldr r12, [sp, #40]",
        "vldmia r1, {{s0-s7}}",
        "2:",
        "vldmia r2!, {{s24}}",
        "vldmia r0, {{s16-s23}}",
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
        "vstmia r0, {{s16-s23}}",
        "add r0, r0, r12",
        "subs r3, r3, #1",
        "bne 2b",
        "vpop {{d8-d12}}",
        "bx lr",
    )
}

/// Does what [`outer`] does for two rows, one after the other.
#[inline(always)]
pub fn outer_two(
    (width, start): (usize, usize),
    [x, z]: [&Block; 2],
    [factors, others]: [&[f32]; 2],
    targets: &mut [f32],
    add: bool,
) {
    let Some((y, rows)) = first(width, start, targets) else { return };
    let rows = rows.min(factors.len()).min(others.len());
    if rows > 0 {
        let (x, z, stride) = (x.as_ptr(), z.as_ptr(), width.wrapping_mul(4));
        let (factors, others) = (factors.as_ptr(), others.as_ptr());
        // SAFETY: there are no fewer factors, and `first` says how many targets have a block there.
        unsafe {
            if add {
                outer_two_add_in(y, x, z, factors, others, stride, rows);
            } else {
                outer_two_in(y, x, z, factors, others, stride, rows);
            }
        }
    }
}

/// Does the work of [`outer_two`] where nothing is added. What is on the stack lies behind the 56
/// bytes that are kept there.
///
/// # Safety
///
/// As for [`outer_in`], with two blocks `x` and `z`, and two rows of factors.
#[unsafe(naked)]
unsafe extern "C" fn outer_two_in(
    y: *mut f32,
    x: *const f32,
    z: *const f32,
    factors: *const f32,
    others: *const f32,
    stride: usize,
    rows: usize,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "vpush {{d8-d14}}",
        "vldmia r1, {{s0-s7}}",
        "vldmia r2, {{s8-s15}}",
        "ldr r1, [sp, #56]",
        "ldr r2, [sp, #60]",
        "ldr r12, [sp, #64]",
        "2:",
        "vldmia r3!, {{s24}}",
        "vldmia r1!, {{s25}}",
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
        "vstmia r0, {{s16-s23}}",
        "add r0, r0, r2",
        "subs r12, r12, #1",
        "bne 2b",
        "vpop {{d8-d14}}",
        "bx lr",
    )
}

/// Does the work of [`outer_two`] where it is added.
///
/// # Safety
///
/// As for [`outer_in`], with two blocks `x` and `z`, and two rows of factors.
#[unsafe(naked)]
unsafe extern "C" fn outer_two_add_in(
    y: *mut f32,
    x: *const f32,
    z: *const f32,
    factors: *const f32,
    others: *const f32,
    stride: usize,
    rows: usize,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "vpush {{d8-d14}}",
        "vldmia r1, {{s0-s7}}",
        "vldmia r2, {{s8-s15}}",
        "ldr r1, [sp, #56]",
        "ldr r2, [sp, #60]",
        "ldr r12, [sp, #64]",
        "2:",
        "vldmia r3!, {{s24}}",
        "vldmia r1!, {{s25}}",
        "vldmia r0, {{s16-s23}}",
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
        "vstmia r0, {{s16-s23}}",
        "add r0, r0, r2",
        "subs r12, r12, #1",
        "bne 2b",
        "vpop {{d8-d14}}",
        "bx lr",
    )
}

/// Where the block that begins at `start` of the first target lies, and how many whole targets,
/// `width` long, there are; nothing where a target has no whole block there.
fn first(width: usize, start: usize, targets: &mut [f32]) -> Option<(*mut f32, usize)> {
    let rows = targets.len().checked_div(width)?;
    if start.checked_add(LANES)? > width {
        return None;
    }
    Some((targets.get_mut(start..)?.as_mut_ptr(), rows))
}
