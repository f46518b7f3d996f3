//! What only a Cortex-M's own instructions do fast enough, and the compiler does not choose. Each
//! function has a twin in safe Rust, which all other targets use and the tests compare it with.
//!
//! Safe loops over bytes take 3.3 instructions a product on a Cortex-M4F, since the compiler loads
//! each byte by itself and then runs out of registers; CMSIS-NN takes less than 2.

#![allow(unsafe_code)]

/// Names a core with the DSP extension: where the linker reads the instructions once more, it knows
/// the architecture only, and of Armv8-M the extension is no part.
#[cfg(armv8m)]
macro_rules! with_dsp {
    () => {
        ".cpu cortex-m33"
    };
}
#[cfg(not(armv8m))]
macro_rules! with_dsp {
    () => {
        ""
    };
}

mod four_columns;
mod four_rows;

pub(super) use four_columns::four_columns;
pub(super) use four_rows::four_rows;
