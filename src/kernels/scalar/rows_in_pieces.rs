//! The products of a dense layer, some rows at a time, with a pause after each.

use super::pause::Pause;
use super::rows;
use crate::chunks::Chunked;
use crate::kernels::Factors;

/// How many multiply-adds a piece has at most, unless two rows have more.
const MULTIPLY_ADDS: usize = 2048;

/// How many rows make a piece: an even number, since they are taken two at a time.
fn rows_of_a_piece(width: usize) -> usize {
    (MULTIPLY_ADDS / width.max(1)).max(2) & !1
}

pub fn transform<P: Pause>(
    width: usize,
    weights: &[f32],
    biases: &[f32],
    inputs: &[f32],
    outputs: &mut [f32],
) {
    let count = rows_of_a_piece(width);
    let outputs = outputs.whole_chunks_mut(biases.len());
    for (input, output) in inputs.whole_chunks(width).zip(outputs) {
        let weights = weights.chunks_up_to(count.saturating_mul(width));
        let rows = weights.zip(biases.chunks_up_to(count));
        for ((weights, biases), output) in rows.zip(output.chunks_up_to_mut(count)) {
            rows::transform(width, weights, biases, input, output);
            P::pause();
        }
    }
}

pub fn combine<P: Pause>(
    width: usize,
    factors: Factors,
    rows: &[f32],
    targets: &mut [f32],
    mut add: bool,
) {
    let count = rows_of_a_piece(width);
    if rows.is_empty() {
        return rows::combine(width, factors, rows, targets, add);
    }
    match factors {
        Factors::ByTerm { values, targets: of_a_term } => {
            for (row, factors) in rows.whole_chunks(width).zip(values.whole_chunks(of_a_term)) {
                let targets = targets.chunks_up_to_mut(count.saturating_mul(width));
                for (targets, factors) in targets.zip(factors.chunks_up_to(count)) {
                    let factors = Factors::ByTerm { values: factors, targets: factors.len() };
                    rows::combine(width, factors, row, targets, add);
                    P::pause();
                }
                add = true;
            }
        }
        Factors::ByTarget { values, terms } => {
            let targets = targets.whole_chunks_mut(width);
            for (target, factors) in targets.zip(values.whole_chunks(terms)) {
                let mut add = add;
                let rows = rows.chunks_up_to(count.saturating_mul(width));
                for (rows, factors) in rows.zip(factors.chunks_up_to(count)) {
                    let factors = Factors::ByTarget { values: factors, terms: factors.len() };
                    rows::combine(width, factors, rows, target, add);
                    P::pause();
                    add = true;
                }
            }
        }
    }
}
