//! What checkpoints need of a flash.

use core::fmt::Debug;
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

/// A unit of a flash that accesses no more than that at once.
const LEAST_UNIT: usize = 64;
/// The largest unit.
pub(super) const MOST_UNIT: usize = 512;

/// The bytes that a flash accesses at once, and all that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FlashSizes {
    /// Bytes of the smallest read.
    pub read: usize,
    /// Bytes of the smallest write.
    pub write: usize,
    /// Bytes of the smallest erase.
    pub erase: usize,
    /// Bytes of the flash.
    pub capacity: usize,
}

impl FlashSizes {
    /// Whether `read` and `write` are powers of two up to 512, and the largest of them and 64
    /// divides `erase`. Checkpoints are kept in no other flash.
    #[must_use]
    pub const fn fit(&self) -> bool {
        self.read.is_power_of_two()
            && self.write.is_power_of_two()
            && self.unit() <= MOST_UNIT
            && self.erase > 0
            && self.erase.is_multiple_of(self.unit())
            && self.erase <= u32::MAX as usize
    }

    /// Every write begins and ends at a multiple of this many bytes from its slot's start.
    pub(super) const fn unit(&self) -> usize {
        larger(self.read_unit(), self.write)
    }

    /// Every read begins and ends at a multiple of this many bytes from its slot's start.
    pub(super) const fn read_unit(&self) -> usize {
        larger(LEAST_UNIT, self.read)
    }
}

const fn larger(one: usize, other: usize) -> usize {
    if one < other { other } else { one }
}

/// A flash for [`Checkpoints`](super::Checkpoints). Every [`NorFlash`] is one; another may know its
/// sizes at run time only, such as one that is driven from C.
pub trait Flash {
    /// Why an access failed.
    type Error: Debug;

    /// Is evaluated when the type is used: stops the compiler where the sizes are constants that do
    /// not [`fit`](FlashSizes::fit).
    const CHECK: () = ();

    /// The same at all times.
    fn sizes(&self) -> FlashSizes;

    /// Fills `bytes` with what is there from `offset` on; both are multiples of the read size.
    ///
    /// # Errors
    /// Where it could not be read.
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error>;

    /// Writes `bytes` from `offset` on; both are multiples of the write size, and it has been
    /// erased before.
    ///
    /// # Errors
    /// Where it could not be written.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error>;

    /// Erases from one offset to another; both are multiples of the erase size.
    ///
    /// # Errors
    /// Where it could not be erased.
    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error>;
}

/// The sizes of a flash that knows them as constants, but for what it has.
pub(super) const fn constant_sizes<F: NorFlash>(capacity: usize) -> FlashSizes {
    FlashSizes { read: F::READ_SIZE, write: F::WRITE_SIZE, erase: F::ERASE_SIZE, capacity }
}

impl<F: NorFlash> Flash for F {
    type Error = F::Error;

    const CHECK: () = assert!(
        constant_sizes::<F>(0).fit(),
        "READ_SIZE and WRITE_SIZE of the flash must be powers of two up to 512, and the largest of \
         them and 64 must divide its ERASE_SIZE"
    );

    fn sizes(&self) -> FlashSizes {
        constant_sizes::<F>(self.capacity())
    }

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        ReadNorFlash::read(self, offset, bytes)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        NorFlash::write(self, offset, bytes)
    }

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        NorFlash::erase(self, from, to)
    }
}
