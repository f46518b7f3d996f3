//! Products of bytes in eight neighbouring columns at a time, by VMULLB and VMULLT of halves of
//! words. The compiler makes vectors of sixteen columns only, at twice the instructions, and of
//! eight none.

use core::arch::naked_asm;

/// What [`many_columns_times`](super::super::bytes::many_columns_times) does, for columns in
/// eights; how many these are. The lines are those that have all columns.
#[inline(always)]
pub fn eight_columns(
    weights: &[i8],
    values: &[i8],
    width: usize,
    zero: i8,
    sums: &mut [i32],
) -> usize {
    let Some(left) = weights.len().min(values.len()).checked_sub(sums.len()) else { return 0 };
    let lines = left.checked_div(width).unwrap_or_default().wrapping_add(1);
    let eights = sums.as_chunks_mut::<8>().0;
    if !eights.is_empty() {
        let (from, by, to) = (values.as_ptr(), weights.as_ptr(), eights.as_mut_ptr());
        // SAFETY: behind the first line there are so many values and weights left that the last of
        // the lines begins where all columns can be read, of which these eights are the first.
        // There are so many eights of sums, one at least.
        unsafe { sums_of_eights(from, by, width, to, lines, i32::from(zero), eights.len()) };
    }
    eights.len().wrapping_mul(8)
}

/// Overwrites the sums.
///
/// # Safety
/// As many values and weights as there are sums can be read at every `width`, in so many lines;
/// there are so many eights of sums. There is one line, and there are eight sums, at least.
// The procedure call standard gives the first four arguments in r0 to r3 and the others on the
// stack, and wants r4 to r11 and q4 to q7 back.
//
// Registers: r0 values, r1 weights, r2 width, r3 sums, r4 lines, r5 eights, r6 and r7 values and
// weights of a line, r12 zero; q2 and q3 sums of the columns with even and with odd numbers, which
// are stored in turns, and q4 and q5 those of eight more.
#[unsafe(naked)]
unsafe extern "C" fn sums_of_eights(
    values: *const i8,
    weights: *const i8,
    width: usize,
    sums: *mut [i32; 8],
    lines: usize,
    zero: i32,
    eights: usize,
) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r4-r7, r11, lr}}",
        "vpush {{d8-d13}}",
        "ldrd r4, r12, [sp, #72]",
        "ldr r5, [sp, #80]",
        "subs r5, #2",
        "blo 4f",
        // Two eights.
        "2:",
        "mov r6, r0",
        "mov r7, r1",
        "vmov.i32 q2, #0",
        "vmov.i32 q3, #0",
        "vmov.i32 q4, #0",
        "vmov.i32 q5, #0",
        "dls lr, r4",
        "3:",
        "vldrb.s16 q0, [r6]",
        "vldrb.s16 q1, [r7]",
        "vsub.i16 q0, q0, r12",
        "vmullb.s16 q6, q0, q1",
        "vmullt.s16 q1, q0, q1",
        "vadd.i32 q2, q2, q6",
        "vadd.i32 q3, q3, q1",
        "vldrb.s16 q0, [r6, #8]",
        "vldrb.s16 q1, [r7, #8]",
        "vsub.i16 q0, q0, r12",
        "vmullb.s16 q6, q0, q1",
        "vmullt.s16 q1, q0, q1",
        "vadd.i32 q4, q4, q6",
        "vadd.i32 q5, q5, q1",
        "add r6, r2",
        "add r7, r2",
        "le lr, 3b",
        "vst20.32 {{q2, q3}}, [r3]",
        "vst21.32 {{q2, q3}}, [r3]!",
        "vst20.32 {{q4, q5}}, [r3]",
        "vst21.32 {{q4, q5}}, [r3]!",
        "adds r0, #16",
        "adds r1, #16",
        "subs r5, #2",
        "bhs 2b",
        // The last eight, where their number is odd.
        "4:",
        "adds r5, #2",
        "beq 6f",
        "vmov.i32 q2, #0",
        "vmov.i32 q3, #0",
        "dls lr, r4",
        "5:",
        "vldrb.s16 q0, [r0]",
        "vldrb.s16 q1, [r1]",
        "vsub.i16 q0, q0, r12",
        "add r0, r2",
        "add r1, r2",
        "vmullb.s16 q6, q0, q1",
        "vmullt.s16 q1, q0, q1",
        "vadd.i32 q2, q2, q6",
        "vadd.i32 q3, q3, q1",
        "le lr, 5b",
        "vst20.32 {{q2, q3}}, [r3]",
        "vst21.32 {{q2, q3}}, [r3]",
        "6:",
        "vpop {{d8-d13}}",
        "pop {{r4-r7, r11, pc}}",
    )
}
