//! Files of the host, in the folder where the emulator was started: a flash that outlives the
//! emulator, and a file that is read whole.

use core::ffi::CStr;
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use semihosting::fs::File;
use semihosting::io::{Read, Seek, SeekFrom, Write};

/// Reads a file into a buffer, and returns the bytes that it has; `None` where it cannot be read or
/// is longer than the buffer.
pub fn read<'b>(path: &CStr, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let mut file = File::open(path).ok()?;
    let mut length = 0;
    loop {
        let left = buffer.get_mut(length..).unwrap_or_default();
        if left.is_empty() {
            return None;
        }
        match file.read(left).ok()? {
            0 => return buffer.get(..length),
            read => length += read,
        }
    }
}

/// A flash of so many bytes like that of a microcontroller: erased in blocks, written in words.
/// Its code is there once, however many call it.
#[derive(Debug)]
pub struct Flash<const BYTES: usize>(File);

impl<const BYTES: usize> Flash<BYTES> {
    /// Opens the file, which is made where it is not there yet.
    pub fn open(path: &CStr) -> Option<Self> {
        let mut options = File::options();
        options.read(true).write(true);
        let there = options.open(path);
        there.or_else(|_| options.create(true).truncate(true).open(path)).ok().map(Self)
    }

    fn at(&mut self, offset: u32) -> Result<&mut File, NorFlashErrorKind> {
        self.0.seek(SeekFrom::Start(offset.into())).map_err(failed)?;
        Ok(&mut self.0)
    }
}

fn failed(_: semihosting::io::Error) -> NorFlashErrorKind {
    NorFlashErrorKind::Other
}

const ERASED: u8 = 0xff;

impl<const BYTES: usize> ErrorType for Flash<BYTES> {
    type Error = NorFlashErrorKind;
}

impl<const BYTES: usize> ReadNorFlash for Flash<BYTES> {
    const READ_SIZE: usize = 1;

    #[inline(never)]
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        check_read(self, offset, bytes.len())?;
        // The file ends where nothing was written yet.
        bytes.fill(ERASED);
        let mut left = bytes;
        let file = self.at(offset)?;
        while !left.is_empty() {
            match file.read(left).map_err(failed)? {
                0 => break,
                read => left = left.get_mut(read..).unwrap_or_default(),
            }
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        BYTES
    }
}

impl<const BYTES: usize> NorFlash for Flash<BYTES> {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    #[inline(never)]
    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        check_erase(self, from, to)?;
        for offset in (from..to).step_by(256) {
            self.at(offset)?.write_all(&[ERASED; 256]).map_err(failed)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        check_write(self, offset, bytes.len())?;
        self.at(offset)?.write_all(bytes).map_err(failed)
    }
}
