//! A flash that outlives a reset: memory of the MPS2 boards into which no binary is linked, and
//! which behaves like a NOR flash. Its power fails where it is told to.

#![allow(unsafe_code)]

use core::ptr;
use cortex_m::peripheral::SCB;
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

/// The flash starts beyond the RAM of every binary, within the 4 MB of the board.
const START: usize = 0x2010_0000;
const BYTES: usize = 128 * 1024;
/// A word after the flash counts the power failures.
const FAILURES: usize = START + BYTES;

const ERASE_BYTES: u32 = 4096;
const WRITE_BYTES: u32 = 4;
const ERASED: u32 = u32::MAX;

fn read(address: usize) -> u32 {
    // SAFETY: the address is aligned, and nothing else uses this memory.
    unsafe { ptr::with_exposed_provenance::<u32>(address).read_volatile() }
}

fn write(address: usize, word: u32) {
    // SAFETY: the reason is the same as for `read`.
    unsafe { ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(word) }
}

/// How often the power has failed so far; the memory is zero when the emulator starts.
pub fn failures() -> u32 {
    read(FAILURES)
}

/// A flash whose power fails after so many more words are erased or written.
#[derive(Debug)]
pub struct Flash {
    words_left: Option<u32>,
}

impl Flash {
    /// Makes a flash; without a number of words its power stays on.
    pub const fn new(words_left: Option<u32>) -> Self {
        Self { words_left }
    }

    /// Changes a word, or loses the power before it can.
    fn change(&mut self, offset: u32, word: u32) {
        match &mut self.words_left {
            Some(0) => {
                write(FAILURES, failures().wrapping_add(1));
                SCB::sys_reset()
            }
            Some(words_left) => *words_left -= 1,
            None => {}
        }
        write(START + offset as usize, word);
    }

    fn check(offset: u32, length: u32, unit: u32) -> Result<(), Refused> {
        if !offset.is_multiple_of(unit) || !length.is_multiple_of(unit) {
            return Err(Refused(NorFlashErrorKind::NotAligned));
        }
        match offset.checked_add(length) {
            Some(end) if end as usize <= BYTES => Ok(()),
            _ => Err(Refused(NorFlashErrorKind::OutOfBounds)),
        }
    }
}

/// The answer of a flash to a request that it does not understand, or that would write a word
/// twice.
#[derive(Clone, Copy, Debug)]
pub struct Refused(NorFlashErrorKind);

impl NorFlashError for Refused {
    fn kind(&self) -> NorFlashErrorKind {
        self.0
    }
}

impl ErrorType for Flash {
    type Error = Refused;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 4;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Refused> {
        Self::check(offset, bytes.len() as u32, 4)?;
        for (index, bytes) in bytes.chunks_exact_mut(4).enumerate() {
            bytes.copy_from_slice(&read(START + offset as usize + 4 * index).to_le_bytes());
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        BYTES
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = WRITE_BYTES as usize;
    const ERASE_SIZE: usize = ERASE_BYTES as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Refused> {
        let length = to.checked_sub(from).ok_or(Refused(NorFlashErrorKind::OutOfBounds))?;
        Self::check(from, length, ERASE_BYTES)?;
        for offset in (from..to).step_by(4) {
            self.change(offset, ERASED);
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refused> {
        Self::check(offset, bytes.len() as u32, WRITE_BYTES)?;
        for (offset, bytes) in (offset..).step_by(4).zip(bytes.chunks_exact(4)) {
            if read(START + offset as usize) != ERASED {
                return Err(Refused(NorFlashErrorKind::Other));
            }
            let mut word = [0; 4];
            word.copy_from_slice(bytes);
            self.change(offset, u32::from_le_bytes(word));
        }
        Ok(())
    }
}
