//! Products of bytes with four rows, two at once by SMLAD.

use core::arch::naked_asm;

/// The products of the values, each less `zero`, with each of four rows, added to its sum; nothing
/// where the rows are not four times as long as the values.
pub fn four_rows(rows: &[i8], values: &[i8], mut sums: [i32; 4], zero: i8) -> [i32; 4] {
    let length = values.len();
    if rows.len() / 4 != length || !rows.len().is_multiple_of(4) {
        return sums;
    }
    let negated = i32::from(zero).wrapping_neg();
    let both = (negated & 0xffff) | negated.wrapping_shl(16);
    // SAFETY: the function below reads `length` values and four times as many from `rows`, which
    // are as long, and replaces the four sums.
    unsafe { add_four_rows(values.as_ptr(), rows.as_ptr(), length, &mut sums, both) };
    sums
}

/// Adds to the sums. `negated` is minus the zero, in either half.
///
/// # Safety
/// `length` values can be read, and four times as many of the rows, one row after another.
// The procedure call standard gives the first four arguments in r0 to r3 and the fifth on the
// stack, and wants r4 to r11 and the stack pointer back. What else is changed is r0 to r3, r12 and
// the flags, which are the callee's. Words are loaded from any address, which these cores do and
// the compiler relies on for this target too. SMLAD wraps.
//
// Registers: r0 values, r1 row 0, r2 length, r3 row 2, r4 to r7 sums, r8 and r9 four values in
// halves, r10 and r11 four weights in halves, r12 negated zero, lr where the values end.
#[unsafe(naked)]
unsafe extern "C" fn add_four_rows(
    values: *const i8,
    rows: *const i8,
    length: usize,
    sums: &mut [i32; 4],
    negated: i32,
) {
    naked_asm!(
        with_dsp!(),
        // The sums' address, and with it a multiple of eight bytes.
        "push {{r3-r11, lr}}",
        "mov r8, r3",
        "ldr r12, [sp, #40]",
        "add r3, r1, r2, lsl #1",
        "bic lr, r2, #3",
        "add lr, r0, lr",
        "ldm.w r8, {{r4-r7}}",
        "cmp r0, lr",
        "beq 3f",
        // Four values a turn, as far as they go: bytes 0 and 2, and bytes 1 and 3.
        "2:",
        "ldr r9, [r0], #4",
        "ldr r10, [r1, r2]",
        "sxtab16 r8, r12, r9",
        "sxtab16 r9, r12, r9, ror #8",
        "sxtb16 r11, r10",
        "sxtb16 r10, r10, ror #8",
        "smlad r5, r11, r8, r5",
        "smlad r5, r10, r9, r5",
        "ldr r10, [r1], #4",
        "sxtb16 r11, r10",
        "sxtb16 r10, r10, ror #8",
        "smlad r4, r11, r8, r4",
        "smlad r4, r10, r9, r4",
        "ldr r10, [r3, r2]",
        "sxtb16 r11, r10",
        "sxtb16 r10, r10, ror #8",
        "smlad r7, r11, r8, r7",
        "smlad r7, r10, r9, r7",
        "ldr r10, [r3], #4",
        "sxtb16 r11, r10",
        "sxtb16 r10, r10, ror #8",
        "smlad r6, r11, r8, r6",
        "smlad r6, r10, r9, r6",
        "cmp r0, lr",
        "bne 2b",
        // The rest, one by one.
        "3:",
        "ands r8, r2, #3",
        "beq 5f",
        "add lr, r0, r8",
        "sxth r12, r12",
        "4:",
        "ldrsb r8, [r0], #1",
        "ldrsb r10, [r1, r2]",
        "add r8, r8, r12",
        "ldrsb r9, [r1], #1",
        "ldrsb r11, [r3, r2]",
        "mla r5, r10, r8, r5",
        "ldrsb r10, [r3], #1",
        "mla r4, r9, r8, r4",
        "mla r7, r11, r8, r7",
        "mla r6, r10, r8, r6",
        "cmp r0, lr",
        "bne 4b",
        "5:",
        "pop {{r3}}",
        "stm r3, {{r4-r7}}",
        "pop {{r4-r11, pc}}",
    )
}
