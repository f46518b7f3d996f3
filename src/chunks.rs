//! Slices cut into chunks of equal length.
//!
//! Those of `core` have a panicking path, for a length of 0, which only inlining takes away: in
//! builds for size it stays. These have none.

use core::mem::take;

/// What [`slice::chunks`] and its kind are, without a panicking path: a length of 0 counts as 1.
pub(crate) trait Chunked<T> {
    /// Chunks of this length; what is left over at the end is left out.
    fn whole_chunks(&self, length: usize) -> WholeChunks<'_, T>;
    /// As [`whole_chunks`](Self::whole_chunks), to be overwritten.
    fn whole_chunks_mut(&mut self, length: usize) -> WholeChunksMut<'_, T>;
    /// Chunks of this length; the last may be shorter.
    fn chunks_up_to(&self, length: usize) -> ChunksUpTo<'_, T>;
    /// As [`chunks_up_to`](Self::chunks_up_to), to be overwritten.
    fn chunks_up_to_mut(&mut self, length: usize) -> ChunksUpToMut<'_, T>;
}

impl<T> Chunked<T> for [T] {
    #[inline(always)]
    fn whole_chunks(&self, length: usize) -> WholeChunks<'_, T> {
        WholeChunks { rest: self, length: length.max(1) }
    }

    #[inline(always)]
    fn whole_chunks_mut(&mut self, length: usize) -> WholeChunksMut<'_, T> {
        WholeChunksMut { rest: self, length: length.max(1) }
    }

    #[inline(always)]
    fn chunks_up_to(&self, length: usize) -> ChunksUpTo<'_, T> {
        ChunksUpTo { rest: self, length: length.max(1) }
    }

    #[inline(always)]
    fn chunks_up_to_mut(&mut self, length: usize) -> ChunksUpToMut<'_, T> {
        ChunksUpToMut { rest: self, length: length.max(1) }
    }
}

/// Takes this many values from the front; nothing, and what is left is nothing, where there are
/// fewer.
pub(crate) fn take_front<'a, T>(values: &mut &'a mut [T], length: usize) -> &'a mut [T] {
    let (front, rest) = take(values).split_at_mut_checked(length).unwrap_or_default();
    *values = rest;
    front
}

#[derive(Clone)]
pub(crate) struct WholeChunks<'a, T> {
    rest: &'a [T],
    length: usize,
}

impl<'a, T> Iterator for WholeChunks<'a, T> {
    type Item = &'a [T];

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let (chunk, rest) = self.rest.split_at_checked(self.length)?;
        self.rest = rest;
        Some(chunk)
    }
}

pub(crate) struct WholeChunksMut<'a, T> {
    rest: &'a mut [T],
    length: usize,
}

impl<'a, T> Iterator for WholeChunksMut<'a, T> {
    type Item = &'a mut [T];

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let (chunk, rest) = take(&mut self.rest).split_at_mut_checked(self.length)?;
        self.rest = rest;
        Some(chunk)
    }
}

#[derive(Clone)]
pub(crate) struct ChunksUpTo<'a, T> {
    rest: &'a [T],
    length: usize,
}

impl<'a, T> Iterator for ChunksUpTo<'a, T> {
    type Item = &'a [T];

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let length = self.length.min(self.rest.len());
        let (chunk, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        (!chunk.is_empty()).then_some(chunk)
    }
}

pub(crate) struct ChunksUpToMut<'a, T> {
    rest: &'a mut [T],
    length: usize,
}

impl<'a, T> Iterator for ChunksUpToMut<'a, T> {
    type Item = &'a mut [T];

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let length = self.length.min(self.rest.len());
        let (chunk, rest) = take(&mut self.rest).split_at_mut_checked(length)?;
        self.rest = rest;
        (!chunk.is_empty()).then_some(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    extern crate std;
    use std::vec::Vec;

    #[test]
    fn chunks_are_those_of_core() {
        let mut values: Vec<u8> = (0..23).collect();
        let mut copy = values.clone();
        for length in [1, 2, 7, 22, 23, 24] {
            assert!(values.whole_chunks(length).eq(copy.chunks_exact(length)));
            assert!(values.chunks_up_to(length).eq(copy.chunks(length)));
            assert!(values.whole_chunks_mut(length).eq(copy.chunks_exact_mut(length)));
            assert!(values.chunks_up_to_mut(length).eq(copy.chunks_mut(length)));
        }
    }

    #[test]
    fn a_length_of_0_counts_as_1() {
        let mut values = [1, 2, 3];
        assert_eq!(values.whole_chunks(0).count(), 3);
        assert_eq!(values.chunks_up_to(0).count(), 3);
        assert_eq!(values.whole_chunks_mut(0).count(), 3);
        assert_eq!(values.chunks_up_to_mut(0).count(), 3);
    }

    #[test]
    fn nothing_has_no_chunk() {
        let mut values: [u8; 0] = [];
        assert_eq!((values.whole_chunks(2).count(), values.chunks_up_to(2).count()), (0, 0));
        assert_eq!(values.whole_chunks_mut(2).count(), 0);
        assert_eq!(values.chunks_up_to_mut(2).count(), 0);
    }
}
