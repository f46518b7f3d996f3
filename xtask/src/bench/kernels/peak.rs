//! What the processor computes at most without fused multiply-adds, which the numeric contract has no use for.

use super::bandwidth::{median, seconds};
use rolling_ball::kernels::{Kernels, Pass, Vector, Wide};
use std::hint::black_box;

/// Enough independent ones to fill the pipelines of adders and multipliers, few enough to stay in registers.
const CHAINS: usize = 12;
/// Multiplications, each with an addition, of a chain.
const LINKS: usize = 64;

const LENGTH: usize = 1024;
const REPEATS: usize = 20;
const ROUNDS: usize = 21;

/// Chains of multiplications and additions that load one element and store none.
struct Chains;

impl Pass<0, 1, 1> for Chains {
    #[inline(always)]
    fn apply<V: Vector>(&self, _: [V; 0], [start]: [V; 1]) -> ([V; 0], [V; 1]) {
        let (scale, shift) = (V::splat(0.5), V::splat(1.0));
        let mut chains = [start; CHAINS];
        let mut first = 0.0;
        for chain in &mut chains {
            *chain = start + V::splat(first);
            first += 1.0;
        }
        for _ in 0..LINKS {
            for chain in &mut chains {
                *chain = *chain * scale + shift;
            }
        }
        ([], [chains.into_iter().fold(start, |sum, chain| sum + chain)])
    }
}

/// GFLOP/s of one thread.
pub fn gflop_per_s() -> f64 {
    let values = vec![1.0; LENGTH];
    // The chains with their starts and their sum, and the pass's own addition.
    let operations = LENGTH * (CHAINS * (2 * LINKS + 2) + 1);
    let timings = (0..ROUNDS).map(|_| {
        let seconds = seconds(|| {
            for _ in 0..REPEATS {
                black_box(Wide::pass(&Chains, [], [black_box(&values)]));
            }
        });
        (REPEATS * operations) as f64 / seconds / 1e9
    });
    median(timings.collect())
}
