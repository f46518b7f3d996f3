//! The products of a dense layer on a core without a vector unit. The slices are arguments, so that
//! the compiler knows that they do not overlap; where a layer's shape is constant, so are the
//! lengths of the loops.

use super::{Scalar, by_block, dot_two};
use crate::chunks::Chunked;
use crate::kernels::{Factors, LANES, NOTHING, PANEL, VectorOps};

#[inline(always)]
pub fn transform(
    width: usize,
    weights: &[f32],
    biases: &[f32],
    inputs: &[f32],
    outputs: &mut [f32],
) {
    let width = width.max(1);
    let outputs = outputs.whole_chunks_mut(biases.len());
    for (input, output) in inputs.whole_chunks(width).zip(outputs) {
        multiply(width, weights, biases, input, output);
    }
}

/// Takes two rows at a time, for which a value of the input is loaded once.
#[inline(always)]
fn multiply(width: usize, weights: &[f32], biases: &[f32], input: &[f32], output: &mut [f32]) {
    let (mut output, mut biases, mut weights) = (output, biases, weights);
    // The compiler makes no vectors of two rows.
    if cfg!(fpu) {
        let (pairs, rest) = output.as_chunks_mut::<2>();
        let (bias_pairs, bias_rest) = biases.as_chunks::<2>();
        let after = pairs.len().wrapping_mul(2).wrapping_mul(width);
        let (input_blocks, input_rest) = input.as_chunks::<LANES>();
        if input_rest.is_empty() && width <= PANEL {
            let (weight_blocks, _) = weights.as_chunks::<LANES>();
            by_block::multiply(weight_blocks, bias_pairs, input_blocks, pairs);
        } else {
            let mut rows = weights.whole_chunks(width);
            for ([y, z], [bias, next]) in pairs.iter_mut().zip(bias_pairs) {
                let (Some(row), Some(other)) = (rows.next(), rows.next()) else { return };
                let [a, b] = dot_two(row, other, input);
                (*y, *z) = (bias + a, next + b);
            }
        }
        (output, biases, weights) = (rest, bias_rest, weights.get(after..).unwrap_or_default());
    }
    for ((y, bias), row) in output.iter_mut().zip(biases).zip(weights.whole_chunks(width)) {
        *y = bias + Scalar::dot(row, input);
    }
}

#[inline(always)]
pub fn combine(width: usize, factors: Factors, rows: &[f32], targets: &mut [f32], add: bool) {
    let width = width.max(1);
    if rows.is_empty() && !add {
        targets.fill(NOTHING);
    }
    match factors {
        Factors::ByTerm { values, targets: count } => {
            add_samples(width, values, count.max(1), rows, targets, add);
        }
        Factors::ByTarget { values, terms } => {
            add_rows(width, values, terms.max(1), rows, targets, add);
        }
    }
}

/// Takes one target for each sample, and adds the rows times the sample's factors to it.
#[inline(never)]
fn add_rows(
    width: usize,
    values: &[f32],
    terms: usize,
    rows: &[f32],
    targets: &mut [f32],
    add: bool,
) {
    for (target, factors) in targets.whole_chunks_mut(width).zip(values.whole_chunks(terms)) {
        sum_rows(width, factors, rows, target, add);
    }
}

/// Takes one row for each sample, and adds it, times its factors, to the targets. It takes two
/// samples at a time, so that a multiplication takes no longer than a load.
#[inline(never)]
fn add_samples(
    width: usize,
    values: &[f32],
    count: usize,
    rows: &[f32],
    targets: &mut [f32],
    mut add: bool,
) {
    let (mut rows, mut values) = (rows, values);
    if cfg!(target_abi = "eabihf") {
        while let (Some((pair, others)), Some((factors, rest))) = (
            rows.split_at_checked(width.saturating_mul(2)),
            values.split_at_checked(count.saturating_mul(2)),
        ) {
            let pair = pair.split_at_checked(width).unwrap_or_default();
            let factors = factors.split_at_checked(count).unwrap_or_default();
            add_outer_two(width, factors, pair, targets, add);
            (rows, values, add) = (others, rest, true);
        }
    }
    for (row, factors) in rows.whole_chunks(width).zip(values.whole_chunks(count)) {
        add_outer(width, factors, row, targets, add);
        add = true;
    }
}

/// Computes `targets[r] (+)= factors[r] * row`.
#[inline(always)]
fn add_outer(width: usize, factors: &[f32], row: &[f32], targets: &mut [f32], add: bool) {
    let (blocks, rest) = row.as_chunks::<LANES>();
    by_block::outer(width, blocks, factors, targets, add);
    if rest.is_empty() {
        return;
    }
    for (target, factor) in targets.whole_chunks_mut(width).zip(factors) {
        add_scaled(target.as_chunks_mut::<LANES>().1, *factor, rest, add);
    }
}

#[inline(always)]
fn add_scaled(y: &mut [f32], scale: f32, x: &[f32], add: bool) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = if add { *y } else { NOTHING } + scale * x;
    }
}

/// Does what [`add_outer`] does for two rows, one after the other.
#[inline(always)]
fn add_outer_two(
    width: usize,
    (first_factors, second_factors): (&[f32], &[f32]),
    (first, second): (&[f32], &[f32]),
    targets: &mut [f32],
    add: bool,
) {
    let (first_blocks, first_rest) = first.as_chunks::<LANES>();
    let (second_blocks, second_rest) = second.as_chunks::<LANES>();
    let (blocks, factors) = ([first_blocks, second_blocks], [first_factors, second_factors]);
    by_block::outer_two(width, blocks, factors, targets, add);
    let start = first_blocks.as_flattened().len();
    if first_rest.is_empty() {
        return;
    }
    let factors = first_factors.iter().zip(second_factors);
    for (target, (first, second)) in targets.whole_chunks_mut(width).zip(factors) {
        for ((y, a), b) in target.iter_mut().skip(start).zip(first_rest).zip(second_rest) {
            *y = (if add { *y } else { NOTHING } + first * a) + second * b;
        }
    }
}

/// Computes `target (+)= sum of factors[t] * rows[t]`, one block at a time.
#[inline(always)]
fn sum_rows(width: usize, factors: &[f32], rows: &[f32], target: &mut [f32], add: bool) {
    let mut start = 0_usize;
    let (blocks, rest) = target.as_chunks_mut::<LANES>();
    for block in blocks {
        let mut sums = if add { *block } else { [NOTHING; LANES] };
        for (row, factor) in rows.whole_chunks(width).zip(factors) {
            let Some(row) = row.get(start..start.wrapping_add(LANES)) else { continue };
            for (sum, x) in sums.iter_mut().zip(row) {
                *sum += factor * x;
            }
        }
        *block = sums;
        start = start.wrapping_add(LANES);
    }
    if rest.is_empty() {
        return;
    }
    if !add {
        rest.fill(NOTHING);
    }
    for (row, factor) in rows.whole_chunks(width).zip(factors) {
        for (sum, x) in rest.iter_mut().zip(row.iter().skip(start)) {
            *sum += factor * x;
        }
    }
}
