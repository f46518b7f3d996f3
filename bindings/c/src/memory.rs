//! Pointers from C, checked before they become references and slices. What cannot be checked (that
//! the memory is there, and nobody else's during the call) is the contract of the header.

use crate::error::rb_error;
use core::ops::Range;
use core::slice;

/// That a pointer is neither null nor misaligned.
pub fn check<T>(pointer: *const T) -> Result<(), rb_error> {
    if pointer.is_null() {
        Err(rb_error::Null)
    } else if !pointer.is_aligned() {
        Err(rb_error::Misaligned)
    } else {
        Ok(())
    }
}

/// As [`check`], for `length` elements, which must be fewer than fit in memory.
fn check_many<T>(pointer: *const T, length: usize) -> Result<(), rb_error> {
    check(pointer)?;
    let most = isize::MAX.unsigned_abs() / size_of::<T>().max(1);
    if length > most { Err(rb_error::Length) } else { Ok(()) }
}

/// The addresses that some elements take.
pub fn extent<T>(pointer: *const T, length: usize) -> Range<usize> {
    let start = pointer.addr();
    start..start.saturating_add(length.saturating_mul(size_of::<T>()))
}

/// That two buffers have no byte in common.
pub fn check_disjoint(a: &Range<usize>, b: &Range<usize>) -> Result<(), rb_error> {
    if a.start < b.end && b.start < a.end { Err(rb_error::Overlap) } else { Ok(()) }
}

/// # Safety
/// A pointer that is not null and aligned points to a `T` that nobody writes while the reference
/// lives.
pub unsafe fn reference<'a, T>(pointer: *const T) -> Result<&'a T, rb_error> {
    check(pointer)?;
    // SAFETY: checked; the rest is promised by the caller.
    Ok(unsafe { &*pointer })
}

/// # Safety
/// A pointer that is not null and aligned points to memory for a `T`.
pub unsafe fn write<T>(pointer: *mut T, value: T) -> Result<(), rb_error> {
    check(pointer)?;
    // SAFETY: checked; the rest is promised by the caller.
    unsafe { pointer.write(value) };
    Ok(())
}

/// # Safety
/// A pointer that is not null and aligned points to `length` elements that nobody writes while the
/// slice lives.
pub unsafe fn slice<'a, T>(pointer: *const T, length: usize) -> Result<&'a [T], rb_error> {
    check_many(pointer, length)?;
    // SAFETY: checked; the rest is promised by the caller.
    Ok(unsafe { slice::from_raw_parts(pointer, length) })
}

/// # Safety
/// A pointer that is not null and aligned points to `length` elements that nobody else reads or
/// writes while the slice lives.
pub unsafe fn slice_mut<'a, T>(pointer: *mut T, length: usize) -> Result<&'a mut [T], rb_error> {
    check_many(pointer, length)?;
    // SAFETY: checked; the rest is promised by the caller.
    Ok(unsafe { slice::from_raw_parts_mut(pointer, length) })
}

/// A vector of the caller's. It is kept as a pointer, and a slice only during a call, so that C may
/// read and write it between the calls.
#[derive(Clone, Copy, Debug)]
pub struct Vector {
    start: *mut f32,
    length: usize,
}

impl Vector {
    /// # Safety
    /// A pointer that is not null and aligned points to `length` floats, for as long as the vector
    /// or a part of it is used; nobody else reads or writes them while one of its slices lives, and
    /// of this vector and its copies only one at a time has a slice.
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

    /// Cuts it into vectors of this length; `None` where it is not exactly as long as all of them.
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
        // SAFETY: promised to `Vector::new`; `cut` stays inside of what was promised there.
        unsafe { slice::from_raw_parts(self.start, self.length) }
    }
}

impl AsMut<[f32]> for Vector {
    fn as_mut(&mut self) -> &mut [f32] {
        // SAFETY: promised to `Vector::new`; `cut` stays inside of what was promised there.
        unsafe { slice::from_raw_parts_mut(self.start, self.length) }
    }
}
