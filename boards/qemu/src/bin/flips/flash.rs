//! A NOR flash in RAM, and a path to it that may flip bits of what is read or written.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

const ERASE_BYTES: usize = 256;
const WRITE_BYTES: usize = 4;
const ERASED: u8 = 0xff;

/// The bits of one byte that are flipped on their way.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Which byte, of all that are read or written.
    pub byte: usize,
    /// The bits of that byte that are flipped.
    pub mask: u8,
}

/// What lies between the processor and the flash.
#[derive(Debug)]
struct Path {
    bytes: usize,
    fault: Option<Fault>,
}

impl Path {
    /// Takes a byte along, and gives it as it arrives.
    fn pass(&mut self, byte: u8) -> u8 {
        let mask =
            self.fault.filter(|fault| fault.byte == self.bytes).map_or(0, |fault| fault.mask);
        self.bytes += 1;
        byte ^ mask
    }
}

/// A flash over these bytes.
#[derive(Debug)]
pub struct Flash<'a> {
    bytes: &'a mut [u8],
    reads: Path,
    writes: Path,
}

impl<'a> Flash<'a> {
    /// A flash whose bytes all arrive as they were sent.
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Self::with_faults(bytes, None, None)
    }

    /// A flash that gives or takes one byte with some bits flipped.
    pub fn with_faults(bytes: &'a mut [u8], read: Option<Fault>, write: Option<Fault>) -> Self {
        let [reads, writes] = [read, write].map(|fault| Path { bytes: 0, fault });
        Self { bytes, reads, writes }
    }

    /// How many bytes were read and written so far.
    pub fn passed(&self) -> (usize, usize) {
        (self.reads.bytes, self.writes.bytes)
    }

    fn range(&mut self, offset: u32, length: usize) -> Result<&mut [u8], Refused> {
        let start = offset as usize;
        let end = start.checked_add(length);
        let range = end.and_then(|end| self.bytes.get_mut(start..end));
        range.ok_or(Refused(NorFlashErrorKind::OutOfBounds))
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

impl ErrorType for Flash<'_> {
    type Error = Refused;
}

impl ReadNorFlash for Flash<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Refused> {
        bytes.copy_from_slice(self.range(offset, bytes.len())?);
        for byte in bytes {
            *byte = self.reads.pass(*byte);
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl NorFlash for Flash<'_> {
    const WRITE_SIZE: usize = WRITE_BYTES;
    const ERASE_SIZE: usize = ERASE_BYTES;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Refused> {
        let length = to.checked_sub(from).ok_or(Refused(NorFlashErrorKind::OutOfBounds))?;
        self.range(from, length as usize)?.fill(ERASED);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refused> {
        let place = self.range(offset, bytes.len())?;
        if place.iter().any(|byte| *byte != ERASED) {
            return Err(Refused(NorFlashErrorKind::Other));
        }
        place.copy_from_slice(bytes);
        let start = offset as usize;
        for byte in self.bytes.get_mut(start..).unwrap_or_default().iter_mut().take(bytes.len()) {
            *byte = self.writes.pass(*byte);
        }
        Ok(())
    }
}
