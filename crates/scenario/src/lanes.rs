//! Dot products by their number of lanes. The number of lanes in the library's numeric contract was
//! chosen with them.

use rolling_ball::kernels::sum_lanes;

/// `a . b` with `L` lanes.
#[inline]
#[must_use]
pub fn dot_with_lanes<const L: usize>(a: &[f32], b: &[f32]) -> f32 {
    let (a_blocks, a_rest) = a.as_chunks::<L>();
    let (b_blocks, b_rest) = b.as_chunks::<L>();
    let mut lanes = [-0.0; L];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        accumulate(&mut lanes, a, b);
    }
    accumulate(&mut lanes, a_rest, b_rest);
    sum_lanes(lanes)
}

#[inline(always)]
fn accumulate<const L: usize>(lanes: &mut [f32; L], a: &[f32], b: &[f32]) {
    for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
        *lane += a * b;
    }
}
