//! A flash that C drives.

use core::ffi::c_void;
use rolling_ball::{Flash, FlashSizes};

/// A range of a flash for checkpoints, and what drives it. Each function answers 0 where it has
/// succeeded, and anything else where it has not. None may call a function of this header on the
/// optimizer that is saved or resumed.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_flash {
    /// Is handed to each of the functions: the driver's own, such as its registers.
    pub context: *mut c_void,
    /// Reads `length` bytes from `offset` on. Both are multiples of the read size.
    pub read: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            offset: u32,
            bytes: *mut u8,
            length: usize,
        ) -> i32,
    >,
    /// Writes `length` bytes from `offset` on. Both are multiples of the write size, and the bytes
    /// have been erased since they were last written.
    pub write: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            offset: u32,
            bytes: *const u8,
            length: usize,
        ) -> i32,
    >,
    /// Erases from the offset `from` up to `to`. Both are multiples of the erase size.
    pub erase: Option<unsafe extern "C" fn(context: *mut c_void, from: u32, to: u32) -> i32>,
    /// Bytes of the smallest read and write: powers of two, at most 512.
    pub read_size: u32,
    /// The same of a write.
    pub write_size: u32,
    /// Bytes of the smallest erase: a multiple of the largest of the two and 64.
    pub erase_size: u32,
    /// Where the range begins: a multiple of the erase size. The range is for checkpoints alone.
    pub start: u32,
    /// Where it ends: a multiple too. It must have room for two checkpoints.
    pub end: u32,
}

/// The flash did not do what it was asked to.
#[derive(Clone, Copy, Debug)]
pub struct Failed;

/// What a function of the driver answered.
fn answered(answer: Option<i32>) -> Result<(), Failed> {
    if answer == Some(0) { Ok(()) } else { Err(Failed) }
}

impl Flash for rb_flash {
    type Error = Failed;

    fn sizes(&self) -> FlashSizes {
        FlashSizes {
            read: self.read_size as usize,
            write: self.write_size as usize,
            erase: self.erase_size as usize,
            capacity: self.end as usize,
        }
    }

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Failed> {
        // SAFETY: whoever made the rb_flash promised that this is a function of this kind.
        answered(
            self.read
                .map(|read| unsafe { read(self.context, offset, bytes.as_mut_ptr(), bytes.len()) }),
        )
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Failed> {
        // SAFETY: as above.
        answered(
            self.write
                .map(|write| unsafe { write(self.context, offset, bytes.as_ptr(), bytes.len()) }),
        )
    }

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Failed> {
        // SAFETY: as above.
        answered(self.erase.map(|erase| unsafe { erase(self.context, from, to) }))
    }
}
