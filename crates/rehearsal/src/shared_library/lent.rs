//! Slices that two programs of different builds lend each other. This is the one file of the crate
//! with `unsafe`.

#![allow(unsafe_code, reason = "a slice has no layout that two builds agree on; see SAFETY")]

use core::marker::PhantomData;
use core::ptr;
use core::slice;

/// A slice that is lent for `'a`, in a layout that every build has: where it begins, and how many
/// values it has. It can only be made of a slice, so it can be made a slice again.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Lent<'a, T> {
    start: *const T,
    length: usize,
    lifetime: PhantomData<&'a [T]>,
}

// SAFETY: it is a `&[T]`, which may be shared and sent where `T` may be shared.
unsafe impl<T: Sync> Sync for Lent<'_, T> {}
// SAFETY: the same.
unsafe impl<T: Sync> Send for Lent<'_, T> {}

impl<'a, T> From<&'a [T]> for Lent<'a, T> {
    fn from(slice: &'a [T]) -> Self {
        Self::new(slice)
    }
}

impl<T> Default for Lent<'_, T> {
    fn default() -> Self {
        Self::from(&[][..])
    }
}

impl<'a, T> Lent<'a, T> {
    /// Lends a slice.
    #[must_use]
    pub const fn new(slice: &'a [T]) -> Self {
        Self { start: slice.as_ptr(), length: slice.len(), lifetime: PhantomData }
    }

    /// The slice that it was made of.
    #[must_use]
    pub fn get(&self) -> &'a [T] {
        // SAFETY: the fields are private and `new` is the only way to make one, so pointer and
        // length are those of a slice that is borrowed for `'a`. That holds across a call into a
        // library as well: both sides have this file, of one version of the interface, which is
        // compared before the first call, and `repr(C)` fixes the layout.
        unsafe { slice::from_raw_parts(self.start, self.length) }
    }
}

/// As [`Lent`], of values that may be changed.
#[derive(Debug)]
#[repr(C)]
pub struct LentMut<'a, T> {
    start: *mut T,
    length: usize,
    lifetime: PhantomData<&'a mut [T]>,
}

impl<'a, T> From<&'a mut [T]> for LentMut<'a, T> {
    fn from(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), length: slice.len(), lifetime: PhantomData }
    }
}

impl<T> Default for LentMut<'_, T> {
    fn default() -> Self {
        Self { start: ptr::dangling_mut(), length: 0, lifetime: PhantomData }
    }
}

impl<T> LentMut<'_, T> {
    /// The slice that it was made of.
    pub fn get(&mut self) -> &mut [T] {
        // SAFETY: as in `Lent::get`, or it is the default, which is empty and not null; it cannot
        // be copied, and is borrowed mutably while the slice lives, so there is no second one.
        unsafe { slice::from_raw_parts_mut(self.start, self.length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lent_is_the_slice_that_it_was_made_of() {
        let mut values = [1.0_f32, 2.0, 3.0];
        assert_eq!(Lent::from(&values[..]).get(), values);
        let mut lent = LentMut::from(&mut values[1..]);
        lent.get().fill(7.0);
        assert_eq!(values, [1.0, 7.0, 7.0]);
        assert!(Lent::<f32>::default().get().is_empty());
        assert!(LentMut::<f32>::default().get().is_empty());
    }
}
