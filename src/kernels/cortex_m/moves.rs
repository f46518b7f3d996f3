//! The passes that move theta, a block of eight at a time.

use crate::kernels::scalar::{Block, Lanes};
use core::arch::naked_asm;

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
