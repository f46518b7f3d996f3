//! What only a Cortex-M's own instructions do fast enough, and the compiler does not choose. Each
//! function has a twin in safe Rust, which all other targets use and the tests compare it with: in
//! `bytes.rs` and in `scalar/blocks.rs`.
//!
//! Products of bytes are for cores with the DSP extension. Safe loops take 3.3 instructions a
//! product on a Cortex-M4F, since the compiler loads each byte by itself and then runs out of
//! registers; CMSIS-NN takes less than 2. On a Cortex-M55 it makes vectors of rows, and these two
//! are left to do by hand: few columns side by side, and the upper word of a product, by which sums
//! become outputs.
//!
//! Loops over whole blocks of floats are for cores with a single-precision unit of 32 registers and
//! no vectors: Cortex-M4F, M7F and M33F. On these a row of loads, or of stores, is one instruction
//! that takes one cycle more than there are words, where each by itself takes two; and a result
//! that the next instruction reads costs a cycle. The compiler knows neither.
//!
//! The functions are naked, those of floats since stable Rust names no register of that unit in
//! `asm!` on these targets; `.fpu` says which instructions there are where the linker reads them
//! once more. They follow the procedure call standard: the first four words are in `r0` to `r3`,
//! the first floats in `s0` and `s1`, and what else there is on the stack; all is put back but `r0`
//! to `r3`, `r12`, `s0` to `s15` and the flags.

#![allow(unsafe_code)]

/// How many terms the passes over vectors take at once, see its twin in `scalar/blocks.rs`.
#[cfg(fpu)]
pub(super) const SPAN: usize = super::SEGMENT;

/// Names a core with the DSP extension: where the linker reads the instructions once more, it knows
/// the architecture only, and of Armv8-M the extension is no part.
#[cfg(all(dsp, armv8m))]
macro_rules! with_dsp {
    () => {
        ".cpu cortex-m33"
    };
}
#[cfg(all(dsp, not(armv8m)))]
macro_rules! with_dsp {
    () => {
        ""
    };
}

#[cfg(mve)]
mod eight_columns;
#[cfg(dsp)]
mod four_columns;
#[cfg(dsp)]
mod four_rows;
#[cfg(fpu)]
mod moves;
#[cfg(fpu)]
mod outer;
#[cfg(mve)]
mod requantize;
#[cfg(fpu)]
mod sixteen_columns;
#[cfg(fpu)]
mod square_root;
#[cfg(fpu)]
mod sums;
#[cfg(fpu)]
mod two_rows;

#[cfg(mve)]
pub(super) use eight_columns::eight_columns;
#[cfg(dsp)]
pub(super) use four_columns::four_columns;
#[cfg(dsp)]
pub(super) use four_rows::four_rows;
#[cfg(mve)]
pub(super) use requantize::{requantize, requantize_windows};
#[cfg(fpu)]
pub(crate) use square_root::sqrt;
#[cfg(fpu)]
pub(super) use {
    moves::{add_scaled, descend, roll},
    outer::{outer, outer_two},
    sums::{square_and_dot, squares},
    two_rows::multiply,
};
