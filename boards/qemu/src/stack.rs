//! Measures how much of the RAM a run has used.
//!
//! The stack lies at the bottom of the RAM and grows down to its end; static data lie above it.
//! `cortex-m-rt` paints the stack before `main`, so that the part that was used can be seen.

#![allow(unsafe_code)]

use core::ptr;
use cortex_m_rt::STACK_PAINT_VALUE;

// SAFETY: these are symbols of cortex-m-rt's link.x, of which only the addresses are taken.
unsafe extern "C" {
    safe static _ram_start: u32;
    safe static __sheap: u32;
    safe static _stack_end: u32;
    safe static _stack_start: u32;
}

/// The bytes of static data: `.data`, `.bss` and `.uninit`, with the gaps between them.
pub fn static_bytes() -> usize {
    (&raw const __sheap).addr() - (&raw const _ram_start).addr()
}

/// The bytes that the stack may use.
pub fn available_bytes() -> usize {
    top() - bottom()
}

/// The bytes of stack used so far, at the deepest: down to the lowest word that lost its paint.
///
/// It reads all of the unused stack, so call it outside of what is measured.
pub fn high_water_bytes() -> usize {
    let mut address = bottom();
    while address < top() && is_painted(address) {
        address += size_of::<u32>();
    }
    top() - address
}

/// The bytes of stack that a call uses, at the deepest.
///
/// It paints what lies below its own frame, and is told by what lost its paint: memory of a frame
/// that nothing is ever written to is not seen where it is the deepest.
#[inline(never)]
pub fn of(call: impl FnOnce()) -> usize {
    let before = cortex_m::register::msp::read() as usize;
    let mut address = bottom();
    while address < before {
        // SAFETY: the address is aligned, in RAM, and below all frames, since this function calls
        // nothing here. An interrupt would leave the word as it found it.
        unsafe {
            ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(STACK_PAINT_VALUE)
        };
        address += size_of::<u32>();
    }
    within_a_frame(call);
    high_water_bytes().saturating_sub(top() - before)
}

/// A call by itself, so that no frame of it is that of the caller.
#[inline(never)]
fn within_a_frame(call: impl FnOnce()) {
    call();
}

fn is_painted(address: usize) -> bool {
    let word = ptr::with_exposed_provenance::<u32>(address);
    // SAFETY: the address is aligned and in RAM. The read is volatile, since the word may be in a
    // live frame.
    unsafe { word.read_volatile() == STACK_PAINT_VALUE }
}

/// The lowest address of the stack: the start of the RAM.
pub(crate) fn bottom() -> usize {
    (&raw const _stack_end).addr()
}

/// The address just above the stack.
fn top() -> usize {
    (&raw const _stack_start).addr()
}
