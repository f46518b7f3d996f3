//! Pointers from C, which are checked before they become references and slices. What cannot be
//! checked is part of the header's contract: that the memory exists, and that nobody else uses it
//! during the call.

use crate::error::rb_error;
use core::ops::Range;
use core::slice;

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

/// Does what [`check`] does for `length` elements, which must be fewer than fit in memory.
fn check_many<T>(pointer: *const T, length: usize) -> Result<(), rb_error> {
    check(pointer)?;
    let most = isize::MAX.unsigned_abs() / size_of::<T>().max(1);
    if length > most { Err(rb_error::Length) } else { Ok(()) }
}

/// The range of addresses that some elements take.
pub fn extent<T>(pointer: *const T, length: usize) -> Range<usize> {
    let start = pointer.addr();
    start..start.saturating_add(length.saturating_mul(size_of::<T>()))
}

/// Checks that two buffers have no byte in common.
pub fn check_disjoint(a: &Range<usize>, b: &Range<usize>) -> Result<(), rb_error> {
    if a.start < b.end && b.start < a.end { Err(rb_error::Overlap) } else { Ok(()) }
}

/// Makes a reference of a pointer.
///
/// # Safety
///
/// A pointer that is not null and aligned must point to a `T` that nobody writes while the
/// reference lives.
pub unsafe fn reference<'a, T>(pointer: *const T) -> Result<&'a T, rb_error> {
    check(pointer)?;
    // SAFETY: the pointer was checked, and the caller promises the rest.
    Ok(unsafe { &*pointer })
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
    /// Checks a pointer and keeps it as a vector.
    ///
    /// # Safety
    ///
    /// A pointer that is not null and aligned must point to `length` floats for as long as the
    /// vector or a part of it is used. While one of its slices lives, nobody else may read or write
    /// the floats, and only one of this vector and its copies may have a slice at a time.
    pub unsafe fn new(start: *mut f32, length: usize) -> Result<Self, rb_error> {
        check_many(start, length)?;
        Ok(Self { start, length })
    }

    pub fn start(self) -> *mut f32 {
        self.start
    }

    pub fn extent(self) -> Range<usize> {
        extent(self.start, self.length)
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
