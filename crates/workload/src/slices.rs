//! Memory for the passes that lies alike in every program: where a slice begins among the lines and
//! pages of the caches counts for as much as the loop does.

use crate::passes::Vectors;
use std::ops::{Deref, DerefMut};

const PAGE: usize = 4096;

/// Slices as long as theta: values of order 1, and so small a rate that no number of passes makes
/// them overflow or subnormal, which would be timed with another speed.
#[derive(Debug)]
pub struct Slices {
    theta: Slice,
    second: Slice,
    third: Slice,
    gradient: Slice,
}

impl Slices {
    /// Four slices of this many elements.
    #[must_use]
    pub fn new(length: usize) -> Self {
        let ramp =
            |first: usize| Slice::new(length, |i| 1.0 + ((first + i) % 1021) as f32 / 1021.0);
        Self { theta: ramp(0), second: ramp(7), third: ramp(19), gradient: ramp(37) }
    }

    /// What passes go over.
    pub fn vectors(&mut self) -> Vectors<'_, [f32]> {
        let Self { theta, second, third, gradient } = self;
        Vectors { theta, second, third, gradient }
    }
}

/// Vector that begin where a page does.
#[derive(Debug)]
struct Slice {
    memory: Vec<f32>,
    start: usize,
    length: usize,
}

impl Slice {
    fn new(length: usize, element: impl Fn(usize) -> f32) -> Self {
        let memory = vec![0.0; length + PAGE / size_of::<f32>()];
        let start = memory.as_ptr().align_offset(PAGE);
        let mut slice = Self { memory, start, length };
        for (i, place) in slice.iter_mut().enumerate() {
            *place = element(i);
        }
        slice
    }
}

impl Deref for Slice {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.memory[self.start..][..self.length]
    }
}

impl DerefMut for Slice {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..][..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slice_begins_where_a_page_does() {
        for length in [1, 64, 1024, 5000] {
            let Slices { theta, second, third, gradient } = Slices::new(length);
            for slice in [theta, second, third, gradient] {
                assert_eq!(slice.as_ptr().align_offset(PAGE), 0);
                assert_eq!(slice.len(), length);
            }
        }
    }
}
