//! Outputs in bytes of sums, four at a time. VMULH gives the upper word of a product, which the
//! compiler makes of four products of halves, as it has no vectors of the whole one.

use core::arch::naked_asm;

/// Does what `Requantization::write` of `bytes.rs` does, for outputs in fours; how many these are.
#[inline(always)]
pub fn requantize(
    (multipliers, shifts): (&[[u8; 4]], &[u8]),
    (zero_and_half, [minimum, maximum]): (i32, [i32; 2]),
    biases: &[[u8; 4]],
    sums: &[i32],
    outputs: &mut [i8],
) -> usize {
    let factors = biases.len().min(multipliers.len()).min(shifts.len());
    let fours = factors.min(sums.len()).min(outputs.len()) / 4;
    if fours > 0 {
        let settings = [zero_and_half, minimum, maximum];
        let (sums, outputs) = (sums.as_ptr(), outputs.as_mut_ptr());
        let (biases, multipliers) = (biases.as_ptr().cast(), multipliers.as_ptr().cast());
        let shifts = shifts.as_ptr();
        // SAFETY: of all there are no fewer than four times so many.
        unsafe { write_in_fours(sums, biases, multipliers, shifts, outputs, fours, &settings) };
    }
    fours.wrapping_mul(4)
}

/// Does what `Requantization::write_windows` of `bytes.rs` does, or says that the outputs are not
/// as many.
#[inline(always)]
pub fn requantize_windows(
    (multipliers, shifts): (&[[u8; 4]; 4], &[u8; 4]),
    (zero_and_half, [minimum, maximum]): (i32, [i32; 2]),
    sums: &[[i32; 4]],
    stride: usize,
    outputs: &mut [i8],
) -> bool {
    let Some(others) = sums.len().checked_sub(1) else { return true };
    if others.saturating_mul(stride).saturating_add(4) > outputs.len() || stride < 4 {
        return false;
    }
    let settings = [zero_and_half, minimum, maximum];
    let (from, to) = (sums.as_ptr(), outputs.as_mut_ptr());
    // SAFETY: the last four outputs end where the outputs have not, and there is a window at least.
    unsafe { write_fours_apart(from, multipliers, shifts, to, sums.len(), stride, &settings) };
    true
}

/// Does the work of [`requantize`].
///
/// # Safety
/// Four times so many sums, biases, multipliers and shifts can be read, and as many outputs
/// written; it is once at least.
// As in `eight_columns.rs`. Words of which only the bytes may be read where they lie are loaded as
// vectors of bytes, as these need not be aligned.
//
// Registers: r0 sums, r1 biases, r2 multipliers, r3 shifts, r4 outputs, r12 zero and half; q2 33 in
// each lane, q3 and q4 the clamps. A shift to the left by less than nothing is one to the right.
#[unsafe(naked)]
unsafe extern "C" fn write_in_fours(
    sums: *const i32,
    biases: *const u8,
    multipliers: *const u8,
    shifts: *const u8,
    outputs: *mut i8,
    fours: usize,
    settings: &[i32; 3],
) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r4-r6, lr}}",
        "vpush {{d8-d11}}",
        "ldrd r4, lr, [sp, #48]",
        "ldr r5, [sp, #56]",
        "ldrd r12, r6, [r5]",
        "ldr r5, [r5, #8]",
        "vdup.32 q3, r6",
        "vdup.32 q4, r5",
        "vmov.i32 q2, #33",
        "dls lr, lr",
        "2:",
        "vldrb.u32 q1, [r3], #4",
        "vldrw.u32 q0, [r0], #16",
        "vsub.i32 q1, q2, q1",
        "vldrb.u8 q5, [r1], #16",
        "vadd.i32 q0, q0, q5",
        "vldrb.u8 q5, [r2], #16",
        "vmulh.s32 q0, q0, q5",
        "vshl.s32 q0, q0, q1",
        "vadd.i32 q0, q0, r12",
        "vmax.s32 q0, q0, q3",
        "vmin.s32 q0, q0, q4",
        "vshr.s32 q0, q0, #1",
        "vstrb.32 q0, [r4], #4",
        "le lr, 2b",
        "vpop {{d8-d11}}",
        "pop {{r4-r6, pc}}",
    )
}

/// Does the work of [`requantize_windows`].
///
/// # Safety
/// There are so many windows of sums, one at least, and four outputs at every `stride` for each.
// Registers: r0 sums, r3 outputs, r4 stride, r12 zero and half; q1 multipliers, q2 shifts, q3 and
// q4 the clamps.
#[unsafe(naked)]
unsafe extern "C" fn write_fours_apart(
    sums: *const [i32; 4],
    multipliers: &[[u8; 4]; 4],
    shifts: &[u8; 4],
    outputs: *mut i8,
    windows: usize,
    stride: usize,
    settings: &[i32; 3],
) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r4-r6, lr}}",
        "vpush {{d8, d9}}",
        "ldrd lr, r4, [sp, #32]",
        "ldr r5, [sp, #40]",
        "ldrd r12, r6, [r5]",
        "ldr r5, [r5, #8]",
        "vdup.32 q3, r6",
        "vdup.32 q4, r5",
        "vldrb.u8 q1, [r1]",
        "vldrb.u32 q2, [r2]",
        "vmov.i32 q0, #33",
        "vsub.i32 q2, q0, q2",
        "dls lr, lr",
        "2:",
        "vldrw.u32 q0, [r0], #16",
        "vmulh.s32 q0, q0, q1",
        "vshl.s32 q0, q0, q2",
        "vadd.i32 q0, q0, r12",
        "vmax.s32 q0, q0, q3",
        "vmin.s32 q0, q0, q4",
        "vshr.s32 q0, q0, #1",
        "vstrb.32 q0, [r3]",
        "add r3, r4",
        "le lr, 2b",
        "vpop {{d8, d9}}",
        "pop {{r4-r6, pc}}",
    )
}
