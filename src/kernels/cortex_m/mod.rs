//! What only a Cortex-M's own instructions do fast enough, and the compiler does not choose. Each
//! function has a twin in safe Rust, which all other targets use and the tests compare it with.
//!
//! Safe loops over bytes take 3.3 instructions a product on a Cortex-M4F, since the compiler loads
//! each byte by itself and then runs out of registers; CMSIS-NN takes less than 2.

#![allow(unsafe_code)]

mod four_columns;
mod four_rows;

pub(super) use four_columns::four_columns;
pub(super) use four_rows::four_rows;
