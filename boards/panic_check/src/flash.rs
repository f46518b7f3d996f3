//! A flash that cannot panic, which is enough to link checkpoints with.

use core::hint::black_box;
use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};

/// A flash whose bytes are in memory.
pub struct Flash(pub [u8; 4096]);

impl ErrorType for Flash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let from = self.0.iter().skip(offset as usize);
        bytes.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        black_box(Ok(()))
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 256;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        let range = from as usize..to as usize;
        self.0.get_mut(range).ok_or(NorFlashErrorKind::OutOfBounds)?.fill(0xff);
        black_box(Ok(()))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let to = self.0.iter_mut().skip(offset as usize);
        to.zip(bytes).for_each(|(to, from)| *to = *from);
        black_box(Ok(()))
    }
}
