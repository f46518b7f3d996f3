//! The products of a fully connected layer for a core without a vector unit. The slices are arguments, which the compiler
//! knows not to overlap; where a layer's shape is constant, so are the loops.

use super::Scalar;
use crate::kernels::{Factors, Kernels, LANES, NOTHING};

#[inline(always)]
pub fn transform(
    width: usize,
    weights: &[f32],
    biases: &[f32],
    inputs: &[f32],
    outputs: &mut [f32],
) {
    let width = width.max(1);
    let outputs = outputs.chunks_exact_mut(biases.len().max(1));
    for (input, output) in inputs.chunks_exact(width).zip(outputs) {
        multiply(width, weights, biases, input, output);
    }
}

#[inline(always)]
fn multiply(width: usize, weights: &[f32], biases: &[f32], input: &[f32], output: &mut [f32]) {
    for ((y, row), bias) in output.iter_mut().zip(weights.chunks_exact(width)).zip(biases) {
        *y = bias + Scalar::dot(row, input);
    }
}

#[inline(always)]
pub fn combine(width: usize, factors: Factors, rows: &[f32], targets: &mut [f32], add: bool) {
    let Factors { values, target, term } = factors;
    let width = width.max(1);
    if term == 1 {
        // A target for each sample.
        let factors = values.chunks_exact(target.max(1));
        for (target, factors) in targets.chunks_exact_mut(width).zip(factors) {
            sum_rows(width, factors, rows, target, add);
        }
    } else {
        // A term for each sample, two at a time.
        let pairs = rows.chunks_exact(2 * width);
        let factor_pairs = values.chunks_exact(2 * term.max(1));
        let last_row = pairs.remainder().chunks_exact(width);
        let last_factors = factor_pairs.remainder().chunks_exact(term.max(1));
        let mut add = add;
        for (rows, factors) in pairs.zip(factor_pairs) {
            let (first, second) = rows.split_at_checked(width).unwrap_or_default();
            let (first_factors, second_factors) =
                factors.split_at_checked(term).unwrap_or_default();
            add_outer_two(width, [first_factors, second_factors], [first, second], targets, add);
            add = true;
        }
        for (row, factors) in last_row.zip(last_factors) {
            add_outer(width, factors, row, targets, add);
        }
    }
}

/// `targets[r] (+)= factors[r] * row`
#[inline(always)]
fn add_outer(width: usize, factors: &[f32], row: &[f32], targets: &mut [f32], add: bool) {
    for (target, factor) in targets.chunks_exact_mut(width).zip(factors) {
        if add {
            for (y, x) in target.iter_mut().zip(row) {
                *y += factor * x;
            }
        } else {
            for (y, x) in target.iter_mut().zip(row) {
                *y = NOTHING + factor * x;
            }
        }
    }
}

/// As [`add_outer`], for two rows one after the other. A block of each stays in registers while the targets go by.
#[inline(always)]
fn add_outer_two(
    width: usize,
    [first_factors, second_factors]: [&[f32]; 2],
    [first, second]: [&[f32]; 2],
    targets: &mut [f32],
    add: bool,
) {
    let (first_blocks, first_rest) = first.as_chunks::<LANES>();
    let (second_blocks, second_rest) = second.as_chunks::<LANES>();
    let whole = width - first_rest.len();
    for (index, (a, b)) in first_blocks.iter().zip(second_blocks).enumerate() {
        let start = index * LANES;
        let factors = first_factors.iter().zip(second_factors);
        for (target, (first, second)) in targets.chunks_exact_mut(width).zip(factors) {
            let Some(y) = target.get_mut(start..start + LANES) else { continue };
            for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
                *y = (if add { *y } else { NOTHING } + first * a) + second * b;
            }
        }
    }
    if first_rest.is_empty() {
        return;
    }
    let factors = first_factors.iter().zip(second_factors);
    for (target, (first, second)) in targets.chunks_exact_mut(width).zip(factors) {
        for ((y, a), b) in target.iter_mut().skip(whole).zip(first_rest).zip(second_rest) {
            *y = (if add { *y } else { NOTHING } + first * a) + second * b;
        }
    }
}

/// `target (+)= sum of factors[t] * rows[t]`, a block at a time.
#[inline(always)]
fn sum_rows(width: usize, factors: &[f32], rows: &[f32], target: &mut [f32], add: bool) {
    let mut start = 0;
    let (blocks, rest) = target.as_chunks_mut::<LANES>();
    for block in blocks {
        let mut sums = if add { *block } else { [NOTHING; LANES] };
        for (row, factor) in rows.chunks_exact(width).zip(factors) {
            let Some(row) = row.get(start..start + LANES) else { continue };
            for (sum, x) in sums.iter_mut().zip(row) {
                *sum += factor * x;
            }
        }
        *block = sums;
        start += LANES;
    }
    if rest.is_empty() {
        return;
    }
    if !add {
        rest.fill(NOTHING);
    }
    for (row, factor) in rows.chunks_exact(width).zip(factors) {
        for (sum, x) in rest.iter_mut().zip(row.iter().skip(start)) {
            *sum += factor * x;
        }
    }
}
