//! The vectors that passes go over.

/// A vector of floats: a slice, or a vector in the memory of a device such as a GPU.
pub trait Vector {
    /// How many elements it has.
    #[must_use]
    fn length(&self) -> usize;

    /// Sets every element to the value.
    fn fill(&mut self, value: f32);

    /// Multiplies every element by the factor.
    fn scale(&mut self, factor: f32);

    /// Overwrites the elements with those of another vector, up to the end of the shorter of the
    /// two.
    fn copy_from(&mut self, other: &Self);
}

impl Vector for [f32] {
    #[inline]
    fn length(&self) -> usize {
        self.len()
    }

    #[inline]
    fn fill(&mut self, value: f32) {
        <[f32]>::fill(self, value);
    }

    #[inline]
    fn scale(&mut self, factor: f32) {
        for element in self {
            *element *= factor;
        }
    }

    #[inline]
    fn copy_from(&mut self, other: &Self) {
        for (element, other) in self.iter_mut().zip(other) {
            *element = *other;
        }
    }
}
