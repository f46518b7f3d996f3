//! The sums of a pass over two slices, a block of eight at a time.

use crate::kernels::scalar::{Block, Lanes};
use core::arch::naked_asm;

/// What is around the products of a block where there are two sums. `r12` counts the blocks of a
/// panel, `r2` those that are left, and the sums are in `s16` to `s31`. The segment is on the
/// stack, behind the 64 bytes that are kept there.
macro_rules! two_sums {
    ($($block:literal),* $(,)?) => {
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
            $($block,)*
            "subs r12, r12, #1",
            "bne 2b",
            "cmp r2, #0",
            "blt 3f",
            "ldr r12, [sp, #64]",
            "vldmia r12!, {{s0-s7}}",
            "vadd.f32 s0, s0, s16",
            "vadd.f32 s1, s1, s17",
            "vadd.f32 s2, s2, s18",
            "vadd.f32 s3, s3, s19",
            "vadd.f32 s4, s4, s20",
            "vadd.f32 s5, s5, s21",
            "vadd.f32 s6, s6, s22",
            "vadd.f32 s7, s7, s23",
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
            "vstmdb r12!, {{s0-s7}}",
            "vldmia r3, {{s16-s31}}",
            "b 1b",
            "3:",
            "vstmia r3, {{s16-s31}}",
            "vpop {{d8-d15}}",
            "bx lr",
        )
    };
}

/// Adds the squares of `a`, and those of `b`: those of each whole panel to the segment, and those
/// after them to the lanes, which hold what a panel begins with.
#[inline(always)]
pub fn squares(segment: &mut Lanes<2>, lanes: &mut Lanes<2>, a: &[Block], b: &[Block]) {
    let blocks = a.len().min(b.len());
    if blocks > 0 {
        let lanes = lanes.as_flattened_mut().as_mut_ptr();
        let segment = segment.as_flattened_mut().as_mut_ptr();
        // SAFETY: neither slice has fewer blocks, and there are two lanes of each kind.
        unsafe { squares_in(a.as_ptr().cast(), b.as_ptr().cast(), blocks, lanes, segment) }
    }
}

/// Does the work of [`squares`].
///
/// # Safety
///
/// `a` and `b` are so many blocks; `lanes` and `segment` are two each.
#[unsafe(naked)]
unsafe extern "C" fn squares_in(
    a: *const f32,
    b: *const f32,
    blocks: usize,
    lanes: *mut f32,
    segment: *mut f32,
) {
    two_sums!(
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
    )
}

/// Adds the squares of `a`, and the products of `a` and `b`, as [`squares`] does.
#[inline(always)]
pub fn square_and_dot(segment: &mut Lanes<2>, lanes: &mut Lanes<2>, a: &[Block], b: &[Block]) {
    let blocks = a.len().min(b.len());
    if blocks > 0 {
        let lanes = lanes.as_flattened_mut().as_mut_ptr();
        let segment = segment.as_flattened_mut().as_mut_ptr();
        // SAFETY: neither slice has fewer blocks, and there are two lanes of each kind.
        unsafe { square_and_dot_in(a.as_ptr().cast(), b.as_ptr().cast(), blocks, lanes, segment) }
    }
}

/// Does the work of [`square_and_dot`].
///
/// # Safety
///
/// `a` and `b` are so many blocks; `lanes` and `segment` are two each.
#[unsafe(naked)]
unsafe extern "C" fn square_and_dot_in(
    a: *const f32,
    b: *const f32,
    blocks: usize,
    lanes: *mut f32,
    segment: *mut f32,
) {
    two_sums!(
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
    )
}
