//! Products of bytes in four neighbouring columns, by SMLABB and SMLATT.

use core::arch::naked_asm;

/// [`columns_times`](super::super::bytes::columns_times) of four columns; nothing for another
/// number of them.
pub fn four_columns<const N: usize>(
    weights: &[i8],
    values: &[i8],
    width: usize,
    zero: i8,
) -> Option<[i32; N]> {
    let mut sums = [0; N];
    let four: &mut [i32; 4] = sums.as_mut_slice().try_into().ok()?;
    let Some(left) = weights.len().min(values.len()).checked_sub(4) else { return Some(sums) };
    let negated = i32::from(zero).wrapping_neg();
    let both = (negated & 0xffff) | negated.wrapping_shl(16);
    // SAFETY: the function below reads four values and weights at every `width` as long as at least
    // four are left of both, and writes the four sums.
    unsafe { four_sums(values.as_ptr(), weights.as_ptr(), width.max(1), four, left, both) };
    Some(sums)
}

/// Overwrites the sums. `left` is how many values lie behind the first four, as far as a line can
/// begin, and `negated` minus the zero, in either half.
///
/// # Safety
/// `left + 4` values and as many weights can be read, and the width is not 0.
// The procedure call standard gives the first four arguments in r0 to r3 and the others on the
// stack, and wants r4 to r11 and the stack pointer back. What else is changed is r0 to r3, r12 and
// the flags, which are the callee's. Words are loaded from any address, which these cores do and
// the compiler relies on for this target too.
//
// Registers: r0 values, r1 weights, r2 width, r3 what is left, r4 to r7 sums of columns 0 to 3, r8
// and r9 values in halves (columns 0 and 2, then 1 and 3), r10 and r11 weights alike, r12 negated
// zero.
#[unsafe(naked)]
unsafe extern "C" fn four_sums(
    values: *const i8,
    weights: *const i8,
    width: usize,
    sums: &mut [i32; 4],
    left: usize,
    negated: i32,
) {
    naked_asm!(
        with_dsp!(),
        "push {{r3-r11, lr}}",
        "ldrd r3, r12, [sp, #40]",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        "movs r7, #0",
        "2:",
        "ldr r9, [r0]",
        "ldr r11, [r1]",
        "sxtab16 r8, r12, r9",
        "sxtab16 r9, r12, r9, ror #8",
        "sxtb16 r10, r11",
        "sxtb16 r11, r11, ror #8",
        "smlabb r4, r8, r10, r4",
        "smlatt r6, r8, r10, r6",
        "smlabb r5, r9, r11, r5",
        "smlatt r7, r9, r11, r7",
        "add r0, r2",
        "add r1, r2",
        "subs r3, r3, r2",
        // No borrow: another line begins.
        "bcs 2b",
        "pop {{r3}}",
        "stm r3, {{r4-r7}}",
        "pop {{r4-r11, pc}}",
    )
}
