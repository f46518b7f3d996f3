//! The two timers of the MPS2 boards that the product uses (Arm Cortex-M System Design Kit, APB
//! timer and dual timer).

#![allow(unsafe_code)]

use core::ptr;

/// One millisecond at 25 MHz.
pub(super) const TICKS_PER_READING: u32 = 25_000;

const TIMER: usize = 0x4000_0000;
const TIMER_CONTROL: usize = TIMER;
const TIMER_VALUE: usize = TIMER + 0x4;
const TIMER_RELOAD: usize = TIMER + 0x8;
const TIMER_INTERRUPT: usize = TIMER + 0xc;
/// The timer is enabled, with its interrupt.
const TIMER_START: u32 = 1 | 1 << 3;

const DUAL_TIMER: usize = 0x4000_2000;
const DUAL_TIMER_VALUE: usize = DUAL_TIMER + 0x4;
const DUAL_TIMER_CONTROL: usize = DUAL_TIMER + 0x8;
/// The dual timer is enabled, free-running, with 32 bits.
const DUAL_TIMER_START: u32 = 1 << 7 | 1 << 1;

pub(super) fn write(address: usize, value: u32) {
    // SAFETY: the address is that of a register of this board, which takes aligned words.
    unsafe { ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(value) }
}

fn read(address: usize) -> u32 {
    // SAFETY: the reason is the same as for `write`.
    unsafe { ptr::with_exposed_provenance::<u32>(address).read_volatile() }
}

/// Starts the clock, and marks each millisecond from now on.
pub fn start_ticks() {
    write(DUAL_TIMER_CONTROL, DUAL_TIMER_START);
    write(TIMER_RELOAD, TICKS_PER_READING - 1);
    write(TIMER_VALUE, TICKS_PER_READING - 1);
    write(TIMER_CONTROL, TIMER_START);
}

/// Whether a millisecond has been marked since the last acknowledgement.
pub fn is_tick_pending() -> bool {
    read(TIMER_INTERRUPT) != 0
}

/// Acknowledges the mark.
pub fn acknowledge_tick() {
    write(TIMER_INTERRUPT, 1);
}

/// The time of the free-running clock, in ticks of 40 ns; it wraps after 171 seconds.
pub fn clock() -> u32 {
    // The timer counts down.
    !read(DUAL_TIMER_VALUE)
}
