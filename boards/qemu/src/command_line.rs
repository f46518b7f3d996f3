//! The command line that the emulator gives the firmware.

#![allow(unsafe_code)]

use cortex_m_semihosting::{nr, syscall1};

/// Reads what QEMU is given by `-semihosting-config arg=` into the buffer.
pub fn command_line(buffer: &mut [u8]) -> &[u8] {
    let mut block = [buffer.as_mut_ptr().expose_provenance(), buffer.len()];
    // SAFETY: GET_CMDLINE takes an address and a length, and writes no more than that there. It
    // then replaces the length by that of what it wrote, without the zero at the end.
    let refused = unsafe { syscall1(nr::GET_CMDLINE, (&raw mut block).expose_provenance()) } != 0;
    let [_, length] = block;
    if refused { &[] } else { buffer.get(..length).unwrap_or_default() }
}
