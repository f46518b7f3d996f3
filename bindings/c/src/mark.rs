//! What every opaque object begins with: that it is one, and where it was when it was bound to its
//! buffers.

use crate::error::rb_error;
use crate::memory::check;
use crate::version::{RB_VERSION, build};

/// The beginning of an object on which an init function was called.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What kind of object it is.
    magic: u32,
    /// The size and the version that the library had.
    made: Declared,
    /// Which build of the program has made it.
    build: usize,
    /// Its own address.
    at: usize,
}

/// The caller's object, as the header that the caller was compiled with has it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its size in bytes.
    pub size: usize,
    /// The version of the header.
    pub version: u32,
}

impl Declared {
    /// The object as the header of this library has it.
    const fn own<T>() -> Self {
        Self { size: size_of::<T>(), version: RB_VERSION }
    }

    /// Checks that it is as the library has it, before anything is written to it.
    pub fn check<T>(self, object: *const T) -> Result<(), rb_error> {
        check(object)?;
        if self == Self::own::<T>() { Ok(()) } else { Err(rb_error::Header) }
    }
}

impl Mark {
    /// The mark of an object at its own address.
    pub fn new<T>(magic: u32, object: *const T) -> Self {
        Self { magic, made: Declared::own::<T>(), build: build(), at: object.addr() }
    }

    /// Reads the mark of an object that this build has made, wherever it was then. Of another build
    /// it is told by the version, the size and the address of a function; one that has all three
    /// in common, and its other functions elsewhere, is not told.
    ///
    /// # Safety
    ///
    /// A pointer that is not null and aligned must lead to memory with a defined content, which
    /// nobody writes during the call, and which is larger than a mark.
    pub unsafe fn read<T>(magic: u32, object: *const T) -> Result<Self, rb_error> {
        check(object)?;
        // SAFETY: the pointer is not null and aligned, and any content is a number.
        let mark = unsafe { object.cast::<Self>().read() };
        let own = Self { at: mark.at, ..Self::new(magic, object) };
        if mark == own { Ok(mark) } else { Err(rb_error::NotInitialised) }
    }

    /// Checks that the object is where it was made, or bound anew. A copy is not.
    pub fn check_place<T>(self, object: *const T) -> Result<(), rb_error> {
        if self.at == object.addr() { Ok(()) } else { Err(rb_error::Moved) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Room for a mark, and an object to which it belongs.
    type Object = [u64; 8];
    const MAGIC: u32 = 0x5242_0000;

    fn read(mark: Mark) -> Result<(), rb_error> {
        let mut object: Object = [0; 8];
        // SAFETY: the object is alive, and larger than a mark.
        unsafe {
            (&raw mut object).cast::<Mark>().write(mark);
            Mark::read(MAGIC, &raw const object).map(|_| ())
        }
    }

    #[test]
    fn an_object_of_another_build_is_told_by_its_version_its_size_and_where_its_functions_are() {
        let object: Object = [0; 8];
        let own = Mark::new(MAGIC, &raw const object);
        let Declared { size, version } = own.made;
        assert_eq!(read(own), Ok(()));
        for other in [
            Mark { magic: MAGIC + 1, ..own },
            Mark { made: Declared { version: version + 1, size }, ..own },
            Mark { made: Declared { version, size: size + 8 }, ..own },
            Mark { build: own.build.wrapping_add(2), ..own },
        ] {
            assert_eq!(read(other), Err(rb_error::NotInitialised), "{other:?}");
        }
        let elsewhere: Object = [0; 8];
        assert_eq!(own.check_place(&raw const object), Ok(()));
        assert_eq!(own.check_place(&raw const elsewhere), Err(rb_error::Moved));
    }
}
