//! The filters of a convolution, eight at a time: each is a lane, in which it adds up in the order
//! of the contract.

use super::{LANES, NOTHING, PANEL, SimdVector};

/// Weights of a filter, at most.
const MOST: usize = 576;

/// The weights of up to [`LANES`] filters, side by side.
pub(crate) struct Filters {
    taps: [[f32; LANES]; MOST],
}

impl Filters {
    /// Whether there is room for filters of this length, whose neighbouring weights are at most so
    /// many.
    pub const fn fit(length: usize, neighbours: usize) -> bool {
        length <= MOST && neighbours <= PANEL
    }

    #[inline(always)]
    pub const fn new() -> Self {
        Self { taps: [[0.0; LANES]; MOST] }
    }

    /// From filters of this length, one after the other.
    #[inline(always)]
    pub fn load(&mut self, length: usize, weights: &[f32]) {
        for (lane, filter) in weights.chunks_exact(length.max(1)).take(LANES).enumerate() {
            for (tap, weight) in self.taps.iter_mut().zip(filter) {
                if let Some(place) = tap.get_mut(lane) {
                    *place = *weight;
                }
            }
        }
    }

    /// The dot product of each filter, from a weight on, with at most a panel of values.
    #[inline(always)]
    pub fn dot<V: SimdVector>(&self, start: usize, values: &[f32]) -> V {
        let taps = self.taps.get(start..).unwrap_or_default();
        let taps = taps.get(..values.len()).unwrap_or_default();
        let (blocks, rest) = values.as_chunks::<LANES>();
        let (tap_blocks, tap_rest) = taps.as_chunks::<LANES>();
        // A partial sum of all filters is a vector.
        let mut lanes = [V::splat(NOTHING); LANES];
        for (taps, values) in tap_blocks.iter().zip(blocks) {
            for ((lane, tap), value) in lanes.iter_mut().zip(taps).zip(values) {
                *lane = *lane + V::load(tap) * V::splat(*value);
            }
        }
        for (index, lane) in lanes.iter_mut().enumerate() {
            let (Some(tap), Some(value)) = (tap_rest.get(index), rest.get(index)) else { break };
            *lane = *lane + V::load(tap) * V::splat(*value);
        }
        let [a, b, c, d, e, f, g, h] = lanes;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}
