//! The loops over whole blocks that take most of a training, and the root. Cores with a
//! single-precision unit and no vectors have them by hand instead (`cortex_m/`), with the same
//! bits.

#![cfg_attr(fpu, allow(dead_code))]

pub use super::elements::add_scaled;
use super::{Lanes, accumulate, descend_block, dot_two, roll_block};
use crate::chunks::Chunked;
use crate::kernels::{LANES, NOTHING, PANEL};

/// As many terms as there are lanes.
pub type Block = [f32; LANES];

/// The square root, rounded as every target rounds it.
#[inline(always)]
pub fn sqrt(value: f32) -> f32 {
    libm::sqrtf(value)
}

/// How many terms the passes below take at once: by hand a segment, of whose panels all whole ones
/// are added to it; here a panel, which is left in the lanes.
pub const SPAN: usize = PANEL;

/// Adds the squares of `a`, and those of `b`, to the lanes.
#[inline(always)]
pub fn squares(_segment: &mut Lanes<2>, lanes: &mut Lanes<2>, a: &[Block], b: &[Block]) {
    let [first, second] = lanes;
    for (a, b) in a.iter().zip(b) {
        accumulate(first, a, a);
        accumulate(second, b, b);
    }
}

/// Adds the squares of `a`, and the products of `a` and `b`, to the lanes.
#[inline(always)]
pub fn square_and_dot(_segment: &mut Lanes<2>, lanes: &mut Lanes<2>, a: &[Block], b: &[Block]) {
    let [first, second] = lanes;
    for (a, b) in a.iter().zip(b) {
        accumulate(first, a, a);
        accumulate(second, a, b);
    }
}

/// Moves theta by `-rate * gradient`, leaves the old theta in the gradient, and adds the squares of
/// both, as they were, to the lanes.
#[inline(always)]
pub fn descend(
    _segment: &mut Lanes<2>,
    lanes: &mut Lanes<2>,
    theta: &mut [Block],
    gradient: &mut [Block],
    rate: f32,
) {
    for (theta, gradient) in theta.iter_mut().zip(gradient) {
        descend_block(lanes, theta, gradient, rate);
    }
}

/// Does to whole blocks what `VectorOps::roll` does, and adds the squares of theta's move to the
/// lanes.
#[inline(always)]
pub fn roll(
    _segment: &mut Block,
    lanes: &mut Block,
    (theta, offset, gradient): (&mut [Block], &mut [Block], &mut [Block]),
    (rate, reach): (f32, f32),
) {
    for ((theta, offset), gradient) in theta.iter_mut().zip(offset).zip(gradient) {
        roll_block(lanes, theta, offset, gradient, rate, reach);
    }
}

/// Computes `output[r] = biases[r] + weights[r] . input`, two rows at a time, for rows of at most a
/// panel.
#[inline(always)]
pub fn multiply(weights: &[Block], biases: &[[f32; 2]], input: &[Block], output: &mut [[f32; 2]]) {
    let mut rows = weights.whole_chunks(input.len());
    for ([y, z], [bias, next]) in output.iter_mut().zip(biases) {
        let (Some(row), Some(other)) = (rows.next(), rows.next()) else { return };
        let [a, b] = dot_two(row.as_flattened(), other.as_flattened(), input.as_flattened());
        (*y, *z) = (bias + a, next + b);
    }
}

/// Computes `targets[r] (+)= factors[r] * x` over the blocks of `x`, with which each target begins;
/// each is `width` long. A block stays in registers while the loop goes through the targets.
#[inline(always)]
pub fn outer(width: usize, x: &[Block], factors: &[f32], targets: &mut [f32], add: bool) {
    let mut start = 0_usize;
    for x in x {
        // A copy: through a reference the compiler would load it again for every target.
        let (x, end) = (*x, start.wrapping_add(LANES));
        for (target, factor) in targets.whole_chunks_mut(width).zip(factors) {
            let Some(y) = target.get_mut(start..end) else { continue };
            for (y, x) in y.iter_mut().zip(&x) {
                *y = if add { *y } else { NOTHING } + factor * x;
            }
        }
        start = end;
    }
}

/// Does what [`outer`] does for two rows, one after the other.
#[inline(always)]
pub fn outer_two(
    width: usize,
    [x, z]: [&[Block]; 2],
    [factors, others]: [&[f32]; 2],
    targets: &mut [f32],
    add: bool,
) {
    let mut start = 0_usize;
    for (x, z) in x.iter().zip(z) {
        let (x, z, end) = (*x, *z, start.wrapping_add(LANES));
        let factors = factors.iter().zip(others);
        for (target, (factor, other)) in targets.whole_chunks_mut(width).zip(factors) {
            let Some(y) = target.get_mut(start..end) else { continue };
            for ((y, x), z) in y.iter_mut().zip(&x).zip(&z) {
                *y = (if add { *y } else { NOTHING } + factor * x) + other * z;
            }
        }
        start = end;
    }
}
