//! The products of a fully connected layer, a row at a time, in little code: for a core without a vector unit. The slices
//! are arguments, which the compiler knows not to overlap.

use super::matrix::{Combine, Factors, Transform};
use super::pass::NOTHING;
use super::scalar::dot_in_panel;
use super::{Kernels, PANEL, Scalar};

#[inline(always)]
pub fn transform(task: Transform) {
    let Transform { width, weights, biases, inputs, outputs } = task;
    let width = width.max(1);
    for (input, output) in
        inputs.chunks_exact(width).zip(outputs.chunks_exact_mut(biases.len().max(1)))
    {
        if width <= PANEL {
            transform_short(weights, biases, input, output);
        } else {
            transform_long(weights, biases, input, output);
        }
    }
}

/// Rows of at most a panel.
#[inline]
fn transform_short(weights: &[f32], biases: &[f32], input: &[f32], output: &mut [f32]) {
    for ((y, row), bias) in
        output.iter_mut().zip(weights.chunks_exact(input.len().max(1))).zip(biases)
    {
        *y = bias + dot_in_panel(row, input);
    }
}

#[inline]
fn transform_long(weights: &[f32], biases: &[f32], input: &[f32], output: &mut [f32]) {
    for ((y, row), bias) in
        output.iter_mut().zip(weights.chunks_exact(input.len().max(1))).zip(biases)
    {
        *y = bias + Scalar::dot(row, input);
    }
}

#[inline(always)]
pub fn combine(task: Combine) {
    let Combine { width, factors: Factors { values, target, term }, rows, targets, add } = task;
    if !add {
        targets.fill(NOTHING);
    }
    if term == 1 {
        // A target for each sample.
        for (target, factors) in
            targets.chunks_exact_mut(width.max(1)).zip(values.chunks_exact(target.max(1)))
        {
            combine_rows(factors, rows, target);
        }
    } else {
        // A term for each sample.
        for (row, factors) in rows.chunks_exact(width.max(1)).zip(values.chunks_exact(term.max(1)))
        {
            add_outer(factors, row, targets);
        }
    }
}

/// `target += sum of factors[t] * rows[t]`
#[inline]
fn combine_rows(factors: &[f32], rows: &[f32], target: &mut [f32]) {
    for (row, factor) in rows.chunks_exact(target.len().max(1)).zip(factors) {
        add_scaled(target, *factor, row);
    }
}

/// `targets[r] += factors[r] * row`
#[inline]
fn add_outer(factors: &[f32], row: &[f32], targets: &mut [f32]) {
    for (target, factor) in targets.chunks_exact_mut(row.len().max(1)).zip(factors) {
        add_scaled(target, *factor, row);
    }
}

#[inline(always)]
fn add_scaled(y: &mut [f32], scale: f32, x: &[f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += scale * x;
    }
}
