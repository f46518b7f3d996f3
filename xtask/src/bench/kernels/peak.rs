//! What the processor reaches where nothing waits for memory, without fused multiply-adds, which
//! the numeric contract has no use for.

use super::bandwidth::seconds;
use rolling_ball::kernels::{Pass, SimdVector, Wide};
use std::hint::black_box;
use workbench::statistics::median;

/// Slices, so many that the chains of their elements fill the pipelines of adders and multipliers,
/// few enough to stay in registers and in the first cache.
const SLICES: usize = 8;
const LENGTH: usize = 256;
/// Multiplications of an element, each with an addition.
const LINKS: usize = 4;

const REPEATS: usize = 100;
const ROUNDS: usize = 21;

/// A chain of multiplications and additions for each element.
#[derive(Clone, Copy)]
struct Chains;

impl Pass<SLICES, 0, 0> for Chains {
    #[inline(always)]
    fn apply<V: SimdVector>(self, chains: [V; SLICES], _: [V; 0]) -> ([V; SLICES], [V; 0]) {
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = chains;
        for _ in 0..LINKS {
            // In turns, so that one chain does not wait for another.
            (a, b, c, d) = (link(a), link(b), link(c), link(d));
            (e, f, g, h) = (link(e), link(f), link(g), link(h));
        }
        ([a, b, c, d, e, f, g, h], [])
    }
}

#[inline(always)]
fn link<V: SimdVector>(chain: V) -> V {
    chain * V::splat(0.5) + V::splat(1.0)
}

/// GFLOP/s of one thread.
pub fn gflop_per_s() -> f64 {
    let mut slices = [const { [1.0; LENGTH] }; SLICES];
    let operations = 2 * LINKS * SLICES * LENGTH;
    let timings = (0..ROUNDS).map(|_| {
        let seconds = seconds(|| {
            for _ in 0..REPEATS {
                let slices = black_box(&mut slices).each_mut().map(<[f32; LENGTH]>::as_mut_slice);
                let [] = Wide::pass(Chains, slices, []);
            }
        });
        (REPEATS * operations) as f64 / seconds / 1e9
    });
    median(timings)
}
