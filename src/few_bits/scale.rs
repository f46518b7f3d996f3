//! Numbers in few bits.

/// What the whole numbers of a group are multiplied by.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    /// The value of a one.
    pub step: f32,
    inverse: f32,
    /// The largest whole number.
    most: i8,
}

impl Scale {
    /// The scale at which the largest of the values is the largest whole number of so many bits, 2
    /// to 8.
    pub fn of(values: &[f32], bits: u32) -> Self {
        let most = i8::MAX.wrapping_shr(8_u32.saturating_sub(bits));
        let finite = values.iter().filter(|value| value.is_finite());
        let largest = finite.fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let count = f32::from(most);
        Self { step: largest / count, inverse: count / largest, most }
    }

    /// The nearest whole number; of two that are as near, the one that is farther from zero. 0 for
    /// what is no number.
    pub fn whole(self, value: f32) -> i8 {
        let scaled = value * self.inverse;
        let nearest = (scaled + 0.5_f32.copysign(scaled)) as i8;
        // Not by `clamp`, which panics where the first bound is above the second.
        nearest.max(self.most.wrapping_neg()).min(self.most)
    }

    /// The nearest multiple of the step. What is not finite stays as it is.
    pub fn round(self, value: f32) -> f32 {
        if value.is_finite() { f32::from(self.whole(value)) * self.step } else { value }
    }
}
