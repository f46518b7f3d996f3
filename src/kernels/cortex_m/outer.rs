//! Products of a block with factors, for the gradient of weights.

use crate::kernels::LANES;
use crate::kernels::scalar::Block;
use core::arch::naked_asm;

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
