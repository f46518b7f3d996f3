//! What a pass goes over.

/// Floats that passes go over: those of a slice, or of a vector on a device of its own.
pub trait Vector {
    /// How many.
    #[must_use]
    fn length(&self) -> usize;

    /// Puts the value everywhere.
    fn fill(&mut self, value: f32);

    /// Multiplies each.
    fn scale(&mut self, factor: f32);

    /// Overwrites the elements with those of another, as far as both go.
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
