//! The emulated board: its flash is a file on the host, so that it outlives the emulator.

use core::ffi::CStr;
use core::fmt;
use core::ops::Range;
use cortex_m_rt::{ExceptionFrame, exception};
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use semihosting::fs::File;
use semihosting::io::{Read, Seek, SeekFrom, Write};
use semihosting::{eprintln, process};

// They are linked for what defmt asks of them: critical sections, and a way out.
#[cfg(feature = "defmt")]
use {cortex_m as _, defmt_semihosting as _};

#[cfg(feature = "defmt")]
pub use defmt::info;
/// In words, where nobody asks for the feature `defmt`: nothing else need be installed then.
#[cfg(not(feature = "defmt"))]
pub use semihosting::println as info;

/// Where checkpoints lie in the flash.
pub const CHECKPOINTS: Range<u32> = 0..{{checkpoint_bytes}};

const FLASH: &CStr = host_path(concat!(env!("CARGO_MANIFEST_DIR"), "/flash.bin\0"));

/// The path of a file on the host, which ends in a zero.
pub const fn host_path(path: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(path.as_bytes()) {
        Ok(path) => path,
        Err(_) => panic!("expected one zero, at the end of the path"),
    }
}

/// Opens the flash, which is made where it is not there yet.
pub fn start() -> Flash {
    let mut options = File::options();
    options.read(true).write(true);
    let there = options.open(FLASH);
    match there.or_else(|_| options.create(true).truncate(true).open(FLASH)) {
        Ok(file) => Flash(file),
        Err(_) => panic!("cannot open {FLASH:?}"),
    }
}

/// Ends the emulation.
pub fn end() -> ! {
    process::exit(0)
}

/// Says what was wrong, and ends the emulation with an error.
pub fn fail(failure: &dyn fmt::Display) -> ! {
    panic!("{failure}")
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    eprintln!("hard fault: {frame:?}");
    process::exit(1)
}

/// A flash like that of a microcontroller: erased in blocks, written in words.
pub struct Flash(File);

impl Flash {
    fn at(&mut self, offset: u32) -> Result<&mut File, NorFlashErrorKind> {
        self.0
            .seek(SeekFrom::Start(offset.into()))
            .map_err(failed)?;
        Ok(&mut self.0)
    }
}

fn failed(_: semihosting::io::Error) -> NorFlashErrorKind {
    NorFlashErrorKind::Other
}

const ERASED: u8 = 0xff;

impl ErrorType for Flash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        check_read(self, offset, bytes.len())?;
        // The file ends where nothing was written yet.
        bytes.fill(ERASED);
        let mut left = bytes;
        let file = self.at(offset)?;
        while !left.is_empty() {
            match file.read(left).map_err(failed)? {
                0 => break,
                read => left = &mut left[read..],
            }
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        CHECKPOINTS.end as usize
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = {{erase_bytes}};

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        check_erase(self, from, to)?;
        for offset in (from..to).step_by(256) {
            self.at(offset)?.write_all(&[ERASED; 256]).map_err(failed)?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        check_write(self, offset, bytes.len())?;
        self.at(offset)?.write_all(bytes).map_err(failed)
    }
}
