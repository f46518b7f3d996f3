//! The passes that move theta, a block of eight at a time.

use crate::kernels::LANES;
use crate::kernels::scalar::{Block, Lanes};
use core::arch::naked_asm;

/// Moves theta by `-rate * gradient`, leaves the old theta in the gradient, and adds the squares of
/// both, as they were: those of each whole panel to the segment, and those after them to the lanes,
/// which hold what a panel begins with.
#[inline(always)]
pub fn descend(
    segment: &mut Lanes<2>,
    lanes: &mut Lanes<2>,
    theta: &mut [Block],
    gradient: &mut [Block],
    rate: f32,
) {
    let blocks = theta.len().min(gradient.len());
    if blocks > 0 {
        let (theta, gradient) = (theta.as_mut_ptr().cast(), gradient.as_mut_ptr().cast());
        let segment = segment.as_flattened_mut().as_mut_ptr();
        let lanes = lanes.as_flattened_mut().as_mut_ptr();
        // SAFETY: neither slice has fewer blocks, and there are two lanes of each kind.
        unsafe { descend_in(theta, gradient, blocks, lanes, rate, segment) }
    }
}

/// Does the work of [`descend`]. Four elements at a time are in `s1` to `s4` (theta) and `s5` to
/// `s8` (gradient). `r12` counts the blocks of a panel. The segment is on the stack, behind the 64
/// bytes that are kept there.
///
/// # Safety
///
/// `theta` and `gradient` are so many blocks; `lanes` and `segment` are two each.
#[unsafe(naked)]
unsafe extern "C" fn descend_in(
    theta: *mut f32,
    gradient: *mut f32,
    blocks: usize,
    lanes: *mut f32,
    rate: f32,
    segment: *mut f32,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "vpush {{d8-d15}}",
        "vldmia r3, {{s16-s31}}",
        "1:",
        "subs r2, r2, #32",
        "mov r12, #32",
        "it lo",
        "addlo r12, r2, #32",
        "cmp r12, #0",
        "beq 3f",
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
        "subs r12, r12, #1",
        "bne 2b",
        "cmp r2, #0",
        "blt 3f",
        "ldr r12, [sp, #64]",
        "vldmia r12!, {{s1-s8}}",
        "vadd.f32 s1, s1, s16",
        "vadd.f32 s2, s2, s17",
        "vadd.f32 s3, s3, s18",
        "vadd.f32 s4, s4, s19",
        "vadd.f32 s5, s5, s20",
        "vadd.f32 s6, s6, s21",
        "vadd.f32 s7, s7, s22",
        "vadd.f32 s8, s8, s23",
        "vldmia r12, {{s16-s23}}",
        "vadd.f32 s24, s24, s16",
        "vadd.f32 s25, s25, s17",
        "vadd.f32 s26, s26, s18",
        "vadd.f32 s27, s27, s19",
        "vadd.f32 s28, s28, s20",
        "vadd.f32 s29, s29, s21",
        "vadd.f32 s30, s30, s22",
        "vadd.f32 s31, s31, s23",
        "vstmia r12, {{s24-s31}}",
        "vstmdb r12!, {{s1-s8}}",
        "vldmia r3, {{s16-s31}}",
        "b 1b",
        "3:",
        "vstmia r3, {{s16-s31}}",
        "vpop {{d8-d15}}",
        "bx lr",
    )
}

/// Does to whole blocks what `VectorOps::roll` does, and adds the squares of theta's move as
/// [`descend`] adds those of theta.
#[inline(always)]
pub fn roll(
    segment: &mut Block,
    lanes: &mut Block,
    (theta, offset, gradient): (&mut [Block], &mut [Block], &mut [Block]),
    (rate, reach): (f32, f32),
) {
    let blocks = theta.len().min(offset.len()).min(gradient.len());
    if blocks > 0 {
        let (theta, offset) = (theta.as_mut_ptr().cast(), offset.as_mut_ptr().cast());
        let (gradient, lanes) = (gradient.as_mut_ptr().cast(), lanes.as_mut_ptr());
        let segment = segment.as_mut_ptr();
        // SAFETY: no slice has fewer blocks, and there are the lanes of one sum of each kind.
        unsafe { roll_in(theta, offset, gradient, lanes, rate, reach, blocks, segment) }
    }
}

/// Does the work of [`roll`]. Four elements at a time are in `s0` to `s3` (theta), `s4` to `s7`
/// (offset, then centre, then the new theta) and `s8` to `s11` (gradient, then the new offset).
/// `r12` counts the blocks of a panel, `r4` those of all. Their number and the segment are on the
/// stack, behind the 72 bytes that are kept there.
///
/// # Safety
///
/// `theta`, `offset` and `gradient` are so many blocks; `lanes` and `segment` are those of one sum.
#[unsafe(naked)]
unsafe extern "C" fn roll_in(
    theta: *mut f32,
    offset: *mut f32,
    gradient: *mut f32,
    lanes: *mut f32,
    rate: f32,
    reach: f32,
    blocks: usize,
    segment: *mut f32,
) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "push {{r4-r5}}",
        "vpush {{d8-d15}}",
        "vldmia r3, {{s24-s31}}",
        "vmov.f32 s16, s0",
        "vmov.f32 s17, s1",
        "ldr r4, [sp, #72]",
        "1:",
        "subs r4, r4, #32",
        "mov r12, #32",
        "it lo",
        "addlo r12, r4, #32",
        "cmp r12, #0",
        "beq 3f",
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
        "cmp r4, #0",
        "blt 3f",
        "ldr r12, [sp, #76]",
        "vldmia r12, {{s0-s7}}",
        "vadd.f32 s0, s0, s24",
        "vadd.f32 s1, s1, s25",
        "vadd.f32 s2, s2, s26",
        "vadd.f32 s3, s3, s27",
        "vadd.f32 s4, s4, s28",
        "vadd.f32 s5, s5, s29",
        "vadd.f32 s6, s6, s30",
        "vadd.f32 s7, s7, s31",
        "vstmia r12, {{s0-s7}}",
        "vldmia r3, {{s24-s31}}",
        "b 1b",
        "3:",
        "vstmia r3, {{s24-s31}}",
        "vpop {{d8-d15}}",
        "pop {{r4-r5}}",
        "bx lr",
    )
}

/// `y += scale * x`
#[inline(always)]
pub fn add_scaled(y: &mut [f32], scale: f32, x: &[f32]) {
    let (y_blocks, y_rest) = y.as_chunks_mut::<LANES>();
    let (x_blocks, x_rest) = x.as_chunks::<LANES>();
    let blocks = y_blocks.len().min(x_blocks.len());
    if blocks > 0 {
        // SAFETY: neither slice has fewer blocks.
        unsafe {
            add_scaled_in(y_blocks.as_mut_ptr().cast(), x_blocks.as_ptr().cast(), blocks, scale);
        }
    }
    for (y, x) in y_rest.iter_mut().zip(x_rest) {
        *y += scale * x;
    }
}

/// Does the work of [`add_scaled`] to blocks: `s1` to `s8` are of `x`, `s9` to `s16` of `y`.
///
/// # Safety
///
/// `y` and `x` are so many blocks, at least one.
#[unsafe(naked)]
unsafe extern "C" fn add_scaled_in(y: *mut f32, x: *const f32, blocks: usize, scale: f32) {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "vpush {{d8}}",
        "2:",
        "vldmia r1!, {{s1-s8}}",
        "vldmia r0, {{s9-s16}}",
        "vmul.f32 s1, s1, s0",
        "vmul.f32 s2, s2, s0",
        "vmul.f32 s3, s3, s0",
        "vmul.f32 s4, s4, s0",
        "vmul.f32 s5, s5, s0",
        "vmul.f32 s6, s6, s0",
        "vmul.f32 s7, s7, s0",
        "vmul.f32 s8, s8, s0",
        "vadd.f32 s9, s9, s1",
        "vadd.f32 s10, s10, s2",
        "vadd.f32 s11, s11, s3",
        "vadd.f32 s12, s12, s4",
        "vadd.f32 s13, s13, s5",
        "vadd.f32 s14, s14, s6",
        "vadd.f32 s15, s15, s7",
        "vadd.f32 s16, s16, s8",
        "subs r2, r2, #1",
        "vstmia r0!, {{s9-s16}}",
        "bne 2b",
        "vpop {{d8}}",
        "bx lr",
    )
}
