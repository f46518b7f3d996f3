//! The filters of a convolution, eight at a time. Each filter has a lane of its own, in which its
//! products are added up in the order of the numeric contract.

use super::{LANES, NOTHING, PANEL, SimdVector};
use crate::chunks::Chunked;

/// The most weights that a filter may have here.
const MOST: usize = 576;

/// The weights of up to [`LANES`] filters, side by side.
pub(crate) struct Filters {
    taps: [[f32; LANES]; MOST],
}

impl Filters {
    /// Whether filters of this length fit, when at most `neighbours` of their weights lie side by
    /// side.
    pub const fn fit(length: usize, neighbours: usize) -> bool {
        length <= MOST && neighbours <= PANEL
    }

    #[inline(always)]
    pub const fn new() -> Self {
        Self { taps: [[0.0; LANES]; MOST] }
    }

    /// Collects the weights from filters of this length, which lie one after the other.
    #[inline(always)]
    pub fn load(&mut self, length: usize, weights: &[f32]) {
        for (lane, filter) in (0..LANES).zip(weights.whole_chunks(length)) {
            for (tap, weight) in self.taps.iter_mut().zip(filter) {
                if let Some(place) = tap.get_mut(lane) {
                    *place = *weight;
                }
            }
        }
    }

    /// The dot product of each filter, from the given weight on, with at most a panel of values.
    #[inline(always)]
    pub fn dot<V: SimdVector>(&self, start: usize, values: &[f32]) -> V {
        let taps = self.taps.get(start..).unwrap_or_default();
        let taps = taps.get(..values.len()).unwrap_or_default();
        let (blocks, rest) = values.as_chunks::<LANES>();
        let (tap_blocks, tap_rest) = taps.as_chunks::<LANES>();
        // One vector holds the same partial sum of all filters.
        let mut lanes = [V::splat(NOTHING); LANES];
        for (taps, values) in tap_blocks.iter().zip(blocks) {
            for ((lane, tap), value) in lanes.iter_mut().zip(taps).zip(values) {
                *lane = *lane + V::load(tap) * V::splat(*value);
            }
        }
        for (index, lane) in (0..LANES).zip(&mut lanes) {
            let (Some(tap), Some(value)) = (tap_rest.get(index), rest.get(index)) else { break };
            *lane = *lane + V::load(tap) * V::splat(*value);
        }
        let [a, b, c, d, e, f, g, h] = lanes;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}
