//! Makes a stack overflow a hard fault.
//!
//! The stack lies at the bottom of the RAM (`build.rs`), so that an overflow leaves the RAM instead
//! of running into static data, however large the frame. What happens there differs:
//!
//! - ARMv6-M (micro:bit): there is nothing, and the bus faults.
//! - ARMv7-M (MPS2): there are addresses which take any write and read as zero, so the memory
//!   protection unit forbids writes there.
//! - ARMv8-M: the core compares its stack pointer with a limit.

#![allow(unsafe_code)]

use crate::stack;
use cortex_m::peripheral::MPU;

/// Guards the stack, and owns the memory protection unit from now on.
pub fn install(mpu: MPU) {
    limit(&mpu);
}

#[cfg(armv6m)]
fn limit(_: &MPU) {}

#[cfg(armv7m)]
fn limit(mpu: &MPU) {
    /// One region covers as much memory below the RAM as it can, and ends where the RAM begins.
    const BYTES: u32 = 0x1000_0000;
    /// The register holds the size as its power of two, less one.
    const SIZE_CODE: u32 = BYTES.trailing_zeros() - 1;
    /// The region cannot be executed, can only be read, is normal memory, and is enabled.
    const READ_ONLY: u32 = 1 << 28 | 0b101 << 24 | 0b110 << 16 | 1;
    /// The unit is on; elsewhere the default map holds; in a hard fault the unit is off.
    const ENABLE: u32 = 0b101;

    // SAFETY: the unit is off until the last write, the start is aligned to the size, and the
    // region holds nothing that the program writes.
    unsafe {
        mpu.rnr.write(0);
        mpu.rbar.write(stack::bottom() as u32 - BYTES);
        mpu.rasr.write(READ_ONLY | SIZE_CODE << 1);
        mpu.ctrl.write(ENABLE);
    }
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
}

#[cfg(armv8m)]
fn limit(_: &MPU) {
    // SAFETY: the stack begins above this address and ends at it.
    unsafe { cortex_m::register::msplim::write(stack::bottom() as u32) }
}

/// Whether a fault at this stack pointer is an overflow.
///
/// The faulting instruction may have left the pointer where it was, so too little room counts as
/// none. On ARMv8-M a status bit says it.
pub(crate) fn has_overflowed(stack_pointer: usize) -> bool {
    const LITTLE_ROOM: usize = 256;
    stack_pointer < stack::bottom() + LITTLE_ROOM || limit_was_reached()
}

#[cfg(not(armv8m))]
fn limit_was_reached() -> bool {
    false
}

#[cfg(armv8m)]
fn limit_was_reached() -> bool {
    /// The bit `STKOF` of the usage fault status.
    const STACK_OVERFLOW: u32 = 1 << 20;
    // SAFETY: a read of a status register has no side effect.
    unsafe { (*cortex_m::peripheral::SCB::PTR).cfsr.read() & STACK_OVERFLOW != 0 }
}
