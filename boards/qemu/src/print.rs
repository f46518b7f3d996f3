//! Prints lines of text on the host's standard output, by semihosting.

#![allow(unsafe_code)]

use core::{
    fmt::{self, Write},
    sync::atomic::{AtomicUsize, Ordering},
};
use cortex_m_semihosting::{nr::open, syscall};

/// Longer lines are sent in pieces.
const BUFFER_BYTES: usize = 128;

/// The handle that the host returns when it has none.
const NO_HANDLE: usize = usize::MAX;

/// The handle of the host's standard output, once it is open.
static HANDLE: AtomicUsize = AtomicUsize::new(NO_HANDLE);

/// Writes to the host line by line, since each semihosting call stops the machine.
///
/// An unfinished line is sent when the console is dropped. If the host has no standard output, each
/// line ends in [`fmt::Error`].
pub struct Console {
    buffer: [u8; BUFFER_BYTES],
    length: usize,
}

impl Console {
    /// A console with an empty line.
    pub const fn new() -> Self {
        Self { buffer: [0; BUFFER_BYTES], length: 0 }
    }

    /// Sends what has been written since the last newline.
    pub fn flush(&mut self) -> fmt::Result {
        let length = core::mem::take(&mut self.length);
        match self.buffer.get(..length) {
            Some(bytes) => send(bytes),
            None => Err(fmt::Error),
        }
    }

    fn push(&mut self, byte: u8) -> fmt::Result {
        if let Some(free) = self.buffer.get_mut(self.length) {
            *free = byte;
            self.length += 1;
        }
        if byte == b'\n' || self.length == BUFFER_BYTES {
            self.flush()?;
        }
        Ok(())
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().try_for_each(|byte| self.push(byte))
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // There is nobody left to tell about a failure.
        let _ = self.flush();
    }
}

/// Prints one line; without a host to print to, it does nothing.
///
/// See [`print_line!`](crate::print_line).
pub fn line(text: fmt::Arguments) {
    let mut console = Console::new();
    // What cannot be printed must not stop the firmware.
    let _ = console.write_fmt(text).and_then(|()| console.write_char('\n'));
}

/// Prints one line, formatted as by [`format_args!`].
#[macro_export]
macro_rules! print_line {
    ($($text:tt)*) => {
        $crate::print::line(::core::format_args!($($text)*))
    };
}

fn send(mut bytes: &[u8]) -> fmt::Result {
    let handle = handle()?;
    while !bytes.is_empty() {
        // SAFETY: WRITE takes a handle, an address and a length, and only reads there.
        let left = unsafe { syscall!(WRITE, handle, bytes.as_ptr(), bytes.len()) };
        // The call returns how many bytes were not written. If it wrote none, it never will.
        let written = bytes.len().checked_sub(left).filter(|&written| written > 0);
        bytes = written.and_then(|written| bytes.get(written..)).ok_or(fmt::Error)?;
    }
    Ok(())
}

/// Opens standard output at the first use only, since the host keeps every handle that it gives.
fn handle() -> Result<usize, fmt::Error> {
    let open = HANDLE.load(Ordering::Relaxed);
    if open != NO_HANDLE {
        return Ok(open);
    }
    // This is the name of the console in semihosting.
    let name = c":tt";
    // SAFETY: OPEN takes the address of a name that ends in zero, a mode, and the length of the
    // name.
    let opened = unsafe { syscall!(OPEN, name.as_ptr(), open::W_TRUNC, name.count_bytes()) };
    HANDLE.store(opened, Ordering::Relaxed);
    if opened == NO_HANDLE {
        return Err(fmt::Error);
    }
    Ok(opened)
}
