//! Pointers from C, which are checked before they become references and slices. What cannot be
//! checked is part of the header's contract: that the memory exists, and that nobody else uses it
//! during the call.

use crate::error::{Failure, rb_error};
use core::ops::Range;
use core::slice;
use rolling_ball::Error;

/// Checks that a pointer is neither null nor misaligned.
pub fn check<T>(pointer: *const T) -> Result<(), rb_error> {
    if pointer.is_null() {
        Err(rb_error::Null)
    } else if !pointer.is_aligned() {
        Err(rb_error::Misaligned)
    } else {
        Ok(())
    }
}

/// How many elements fit in memory.
fn most<T>() -> usize {
    isize::MAX.unsigned_abs() / size_of::<T>().max(1)
}

/// Does what [`check`] does for `length` elements, which must be no more than fit in memory.
pub fn check_many<T>(pointer: *const T, length: usize) -> Result<(), rb_error> {
    check(pointer)?;
    if length > most::<T>() { Err(rb_error::Length) } else { Ok(()) }
}

/// The range of addresses that some elements take.
pub fn extent<T>(pointer: *const T, length: usize) -> Range<usize> {
    let start = pointer.addr();
    start..start.saturating_add(length.saturating_mul(size_of::<T>()))
}

/// A range that overlaps nothing.
pub const NOWHERE: Range<usize> = 0..0;

/// Checks that nothing that is written has a byte in common with anything else.
pub fn check_apart(written: &[Range<usize>], read: &[Range<usize>]) -> Result<(), rb_error> {
    let mut rest = written;
    while let Some((first, others)) = rest.split_first() {
        for other in others.iter().chain(read) {
            if first.start.max(other.start) < first.end.min(other.end) {
                return Err(rb_error::Overlap);
            }
        }
        rest = others;
    }
    Ok(())
}

/// Copies what a pointer leads to.
///
/// # Safety
///
/// A pointer that is not null and aligned must point to a `T`.
pub unsafe fn read<T: Copy>(pointer: *const T) -> Result<T, rb_error> {
    check(pointer)?;
    // SAFETY: the pointer was checked, and the caller promises the rest.
    Ok(unsafe { pointer.read() })
}

/// Writes a value through a pointer.
///
/// # Safety
///
/// A pointer that is not null and aligned must point to memory for a `T`.
pub unsafe fn write<T>(pointer: *mut T, value: T) -> Result<(), rb_error> {
    check(pointer)?;
    // SAFETY: the pointer was checked, and the caller promises the rest.
    unsafe { pointer.write(value) };
    Ok(())
}

/// Makes a slice of a pointer and a length.
///
/// # Safety
///
/// A pointer that is not null and aligned must point to `length` elements that nobody writes while
/// the slice lives.
pub unsafe fn slice<'a, T>(pointer: *const T, length: usize) -> Result<&'a [T], rb_error> {
    check_many(pointer, length)?;
    // SAFETY: the pointer was checked, and the caller promises the rest.
    Ok(unsafe { slice::from_raw_parts(pointer, length) })
}

/// Makes a mutable slice of a pointer and a length.
///
/// # Safety
///
/// A pointer that is not null and aligned must point to `length` elements that nobody else reads or
/// writes while the slice lives.
pub unsafe fn slice_mut<'a, T>(pointer: *mut T, length: usize) -> Result<&'a mut [T], rb_error> {
    check_many(pointer, length)?;
    // SAFETY: the pointer was checked, and the caller promises the rest.
    Ok(unsafe { slice::from_raw_parts_mut(pointer, length) })
}

/// A vector that belongs to the caller. It is kept as a pointer and is a slice only during a call,
/// so that C may read and write it between calls.
#[derive(Clone, Copy, Debug)]
pub struct Vector {
    start: *mut f32,
    length: usize,
}

impl Vector {
    pub const EMPTY: Self = Self { start: core::ptr::dangling_mut(), length: 0 };

    /// Checks a pointer and keeps it as a vector. Errors call it by its name.
    ///
    /// # Safety
    ///
    /// A pointer that is not null and aligned must point to `length` floats for as long as the
    /// vector or a part of it is used. While one of its slices lives, nobody else may read or write
    /// the floats, and only one of this vector and its copies may have a slice at a time.
    pub unsafe fn new(name: &'static str, start: *mut f32, length: usize) -> Result<Self, Failure> {
        check(start)?;
        if length > most::<f32>() {
            let expected = most::<f32>();
            return Err(Error::Length { what: name, expected, actual: length }.into());
        }
        Ok(Self { start, length })
    }

    pub fn start(self) -> *mut f32 {
        self.start
    }

    pub fn length(self) -> usize {
        self.length
    }

    pub fn extent(self) -> Range<usize> {
        extent(self.start, self.length)
    }

    /// Makes all of it zeros, whatever it holds, and if that is not defined.
    pub fn clear(self) {
        // SAFETY: the caller of `Vector::new` promised it; nothing is read.
        unsafe { self.start.write_bytes(0, self.length) };
    }

    /// The same part of `to` that this is of `from`, which is as long.
    pub fn moved(self, from: Self, to: Self) -> Self {
        let offset = self.start.addr().wrapping_sub(from.start.addr());
        Self { start: to.start.wrapping_byte_add(offset), length: self.length }
    }

    /// Cuts the vector into vectors of this length; `None` where it is not exactly as long as all
    /// of them.
    pub fn cut<const COUNT: usize>(self, length: usize) -> Option<[Self; COUNT]> {
        (length.checked_mul(COUNT) == Some(self.length)).then(|| {
            core::array::from_fn(|index| Self {
                start: self.start.wrapping_add(index.wrapping_mul(length)),
                length,
            })
        })
    }
}

impl AsRef<[f32]> for Vector {
    fn as_ref(&self) -> &[f32] {
        // SAFETY: the caller of `Vector::new` promised it, and `cut` stays within what was promised
        // there.
        unsafe { slice::from_raw_parts(self.start, self.length) }
    }
}

impl AsMut<[f32]> for Vector {
    fn as_mut(&mut self) -> &mut [f32] {
        // SAFETY: the caller of `Vector::new` promised it, and `cut` stays within what was promised
        // there.
        unsafe { slice::from_raw_parts_mut(self.start, self.length) }
    }
}
