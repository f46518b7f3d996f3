//! Slices in two, without a panic.

use crate::Error;

/// Splits a slice at a length, or says that it is too short.
pub(super) fn split<'a>(
    what: &'static str,
    slice: &'a [f32],
    length: usize,
) -> Result<(&'a [f32], &'a [f32]), Error> {
    let actual = slice.len();
    slice.split_at_checked(length).ok_or(Error::Length { what, expected: length, actual })
}

/// As [`split`].
pub(super) fn split_mut<'a>(
    what: &'static str,
    slice: &'a mut [f32],
    length: usize,
) -> Result<(&'a mut [f32], &'a mut [f32]), Error> {
    let actual = slice.len();
    slice.split_at_mut_checked(length).ok_or(Error::Length { what, expected: length, actual })
}
