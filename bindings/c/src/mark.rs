//! What every opaque object begins with: that it is one, and where it was when it was bound to its
//! buffers.

use crate::error::rb_error;
use crate::memory::check;
use crate::version::{RB_VERSION, build};

/// The beginning of an object on which an init function was called.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// What kind of object it is.
    magic: u32,
    /// Which build of the program has made it.
    build: usize,
    /// Its own address.
    at: usize,
}

/// The caller's object, as the header that the caller was compiled with has it.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// Its size in bytes.
    pub size: usize,
    /// The version of the header.
    pub version: u32,
}

impl Declared {
    /// Checks that it is as the library has it, before anything is written to it.
    pub fn check<T>(self, object: *const T) -> Result<(), rb_error> {
        check(object)?;
        let same = self.size == size_of::<T>() && self.version == RB_VERSION;
        if same { Ok(()) } else { Err(rb_error::Header) }
    }
}

impl Mark {
    /// The mark of an object at its own address.
    pub fn new<T>(magic: u32, object: *const T) -> Self {
        Self { magic, build: build(), at: object.addr() }
    }

    /// Reads the mark of an object that this build has made, wherever it was then.
    ///
    /// # Safety
    ///
    /// A pointer that is not null and aligned must lead to memory with a defined content, which
    /// nobody writes during the call, and which is larger than a mark.
    pub unsafe fn read<T>(magic: u32, object: *const T) -> Result<Self, rb_error> {
        check(object)?;
        // SAFETY: the pointer is not null and aligned, and any content is a number.
        let mark = unsafe { object.cast::<Self>().read() };
        let known = mark.magic == magic && mark.build == build();
        if known { Ok(mark) } else { Err(rb_error::NotInitialised) }
    }

    /// Checks that the object is where it was made, or bound anew. A copy is not.
    pub fn check_place<T>(self, object: *const T) -> Result<(), rb_error> {
        if self.at == object.addr() { Ok(()) } else { Err(rb_error::Moved) }
    }
}
