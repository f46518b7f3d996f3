//! How much of the RAM a run has used.
//!
//! Static data lie at the bottom of the RAM; the stack begins at its top and grows down towards
//! them. `cortex-m-rt` paints what is between before `main`, so that what has been used shows.

#![allow(unsafe_code)]

use crate::guard;
use core::ptr;
use cortex_m_rt::STACK_PAINT_VALUE;

// SAFETY: symbols of cortex-m-rt's link.x; only their addresses are taken.
unsafe extern "C" {
    safe static _ram_start: u32;
    safe static _stack_end: u32;
    safe static _stack_start: u32;
}

/// Bytes of static data: `.data`, `.bss` and `.uninit`, with the gaps between them.
pub fn static_bytes() -> usize {
    bottom() - (&raw const _ram_start).addr()
}

/// Bytes that the stack may use: all RAM but the static data and the guard.
pub fn available_bytes() -> usize {
    top() - guard::top()
}

/// Bytes of stack used so far, at the deepest: down to the lowest word that lost its paint.
///
/// More than [`available_bytes`] when it has overflowed without [`guard::install`]. It reads all
/// unused memory, so call it outside of what is measured.
pub fn high_water_bytes() -> usize {
    let mut address = bottom();
    while address < top() && is_painted(address) {
        address += size_of::<u32>();
    }
    top() - address
}

fn is_painted(address: usize) -> bool {
    let word = ptr::with_exposed_provenance::<u32>(address);
    // SAFETY: an aligned address in RAM; volatile, since it may be in a live frame.
    unsafe { word.read_volatile() == STACK_PAINT_VALUE }
}

/// The address just above static data.
pub(crate) fn bottom() -> usize {
    (&raw const _stack_end).addr()
}

/// The address just above the stack: the end of the RAM.
fn top() -> usize {
    (&raw const _stack_start).addr()
}
