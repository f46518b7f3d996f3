//! Makes a stack overflow a hard fault.
//!
//! On this board it would go unnoticed: below the RAM lie addresses which take any write and read
//! as zero, and the memory of the board goes on beyond what the binary may use.

#![allow(unsafe_code)]

use crate::stack;
use cortex_m::{asm, peripheral::MPU};

/// Written in the register as the power of two, less one.
const GUARD_SIZE_CODE: u32 = 7;
const GUARD_BYTES: usize = 1 << (GUARD_SIZE_CODE + 1);

/// From here up to the RAM there is nothing.
const BELOW_RAM: usize = 0x1000_0000;
const BELOW_RAM_SIZE_CODE: u32 = 27;

/// No execution; reads only; normal memory; enabled.
const READ_ONLY: u32 = 1 << 28 | 0b101 << 24 | 0b110 << 16 | 1;

/// The memory protection unit is on; elsewhere the default map holds; off in a hard fault.
const ENABLE: u32 = 0b101;

/// Forbids writes just below the stack and below the RAM; owns the memory protection unit from now
/// on.
///
/// A frame larger than the guard of 256 bytes may leap over it into static data.
pub fn install(mpu: MPU) {
    protect(&mpu, 0, BELOW_RAM, BELOW_RAM_SIZE_CODE);
    protect(&mpu, 1, top() - GUARD_BYTES, GUARD_SIZE_CODE);
    // SAFETY: both regions hold nothing that the program writes.
    unsafe { mpu.ctrl.write(ENABLE) }
    asm::dsb();
    asm::isb();
}

fn protect(mpu: &MPU, number: u32, start: usize, size_code: u32) {
    // SAFETY: the unit is still off, and the start is aligned to the size.
    unsafe {
        mpu.rnr.write(number);
        mpu.rbar.write(start as u32);
        mpu.rasr.write(READ_ONLY | size_code << 1);
    }
}

/// The lowest address of what is left for the stack.
pub(crate) fn top() -> usize {
    stack::bottom().next_multiple_of(GUARD_BYTES) + GUARD_BYTES
}
