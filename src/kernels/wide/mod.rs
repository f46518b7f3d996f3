//! The kernels on the widest vector unit that the processor has. The functions are not generic, so
//! that they are compiled once, together with this crate.

mod baseline;
mod dispatch;
mod formulas;
mod matrix;
mod pass;
#[cfg(feature = "threads")]
mod threads;

pub use dispatch::Level;
pub use pass::Pass;

use super::{AdamCoefficients, ContactSums, Factors, FootpointSums, Kernels, Task, VectorOps};
#[cfg(not(feature = "threads"))]
use dispatch::{run as sweep, run as divide};
use matrix::{Combine, Transform};
use pass::Sweep;
#[cfg(feature = "threads")]
use threads::{run as divide, sweep};

/// Kernels on vectors (feature `simd`): AVX-512, AVX2 or SSE2 on x86-64, whichever the processor
/// has; NEON on AArch64; elsewhere the vectors of the crate `wide` for the target that the crate is
/// compiled for.
///
/// With the feature `threads`, a pass over half a million elements or more and a product of
/// matrices with two million multiplications or more are shared among the threads of a rayon pool:
/// the one that the caller is in, or else the global one. A pool of one thread, or
/// `RAYON_NUM_THREADS=1`, leaves everything to the caller's thread. The number of threads changes
/// no bit of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wide;

impl Wide {
    /// Goes through the slices, up to the end of the shortest, with a pass of your own, and returns
    /// its sums.
    pub fn pass<P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize>(
        pass: P,
        written: [&mut [f32]; W],
        read: [&[f32]; R],
    ) -> [f32; S] {
        sweep(Sweep { pass, written, read })
    }
}

impl VectorOps for Wide {
    type Vector = [f32];

    fn dot(a: &[f32], b: &[f32]) -> f32 {
        let [sum] = Self::pass(formulas::Dot, [], [a, b]);
        sum
    }

    fn squared_norms(a: &[f32], b: &[f32]) -> (f32, f32) {
        let [a, b] = Self::pass(formulas::SquaredNorms, [], [a, b]);
        (a, b)
    }

    fn footpoint_sums(theta: &[f32], displaced: &[f32], gradient: &[f32]) -> FootpointSums {
        let [distance, along, gradient] =
            Self::pass(formulas::FootpointSums, [], [theta, displaced, gradient]);
        FootpointSums { distance, along, gradient }
    }

    fn contact_sums(theta: &[f32], offset: &[f32], gradient: &[f32]) -> ContactSums {
        let [theta, gradient, offset, along] =
            Self::pass(formulas::ContactSums, [], [theta, offset, gradient]);
        ContactSums { theta, gradient, offset, along }
    }

    fn add_scaled(y: &mut [f32], scale: f32, x: &[f32]) {
        let [] = Self::pass(formulas::AddScaled { scale }, [y], [x]);
    }

    fn decay_and_add(sum: &mut [f32], x: &[f32], decay: f32, scale: f32) -> f32 {
        let [length] = Self::pass(formulas::DecayAndAdd { decay, scale }, [sum], [x]);
        length
    }

    fn scale_into(y: &mut [f32], scale: f32, x: &[f32]) {
        let [] = Self::pass(formulas::ScaleInto { scale }, [y], [x]);
    }

    fn interpolate_into(y: &mut [f32], x: &[f32], z: &[f32], scale: f32) {
        let [] = Self::pass(formulas::InterpolateInto { scale }, [y], [x, z]);
    }

    fn rescale_move(theta: &mut [f32], start: &[f32], scale: f32) {
        let [] = Self::pass(formulas::RescaleMove { scale }, [theta], [start]);
    }

    fn repeat_move(theta: &mut [f32], before: &mut [f32], scale: f32) {
        let [] = Self::pass(formulas::RepeatMove { scale }, [theta, before], []);
    }

    fn displace(
        theta: &mut [f32],
        displaced: &mut [f32],
        gradient: &mut [f32],
        rate: f32,
        reach: f32,
    ) {
        let [] = Self::pass(formulas::Displace { rate, reach }, [theta, displaced, gradient], []);
    }

    fn gauss_newton_move(theta: &mut [f32], displaced: &[f32], gradient: &mut [f32], scale: f32) {
        let [] = Self::pass(formulas::GaussNewtonMove { scale }, [theta, gradient], [displaced]);
    }

    fn project(theta: &mut [f32], displaced: &[f32], gradient: &mut [f32], step: f32, pull: f32) {
        let [] = Self::pass(formulas::Project { step, pull }, [theta, gradient], [displaced]);
    }

    fn roll(
        theta: &mut [f32],
        offset: &mut [f32],
        gradient: &mut [f32],
        rate: f32,
        reach: f32,
    ) -> f32 {
        let [moved] = Self::pass(formulas::Roll { rate, reach }, [theta, offset, gradient], []);
        moved
    }

    fn descend(theta: &mut [f32], gradient: &mut [f32], rate: f32) -> (f32, f32) {
        let [theta, gradient] = Self::pass(formulas::Descend { rate }, [theta, gradient], []);
        (theta, gradient)
    }

    fn descend_with_momentum(
        theta: &mut [f32],
        velocity: &mut [f32],
        gradient: &mut [f32],
        rate: f32,
        momentum: f32,
        nesterov: bool,
    ) -> f32 {
        let pass = formulas::DescendWithMomentum { rate, momentum, nesterov };
        let [moved] = Self::pass(pass, [theta, velocity, gradient], []);
        moved
    }

    fn adam(
        theta: &mut [f32],
        mean: &mut [f32],
        variance: &mut [f32],
        gradient: &mut [f32],
        coefficients: AdamCoefficients,
    ) -> f32 {
        let [moved] = Self::pass(coefficients, [theta, mean, variance, gradient], []);
        moved
    }

    fn perturb(theta: &mut [f32], kept: &mut [f32], gradient: &[f32], scale: f32) {
        let [] = Self::pass(formulas::Perturb { scale }, [theta, kept], [gradient]);
    }

    fn descend_from(theta: &mut [f32], kept: &[f32], gradient: &[f32], rate: f32) {
        let [] = Self::pass(formulas::DescendFrom { rate }, [theta], [kept, gradient]);
    }
}

impl Kernels for Wide {
    fn run<T: Task>(task: T) -> T::Output {
        dispatch::run(task)
    }

    fn transform(
        width: usize,
        weights: &[f32],
        biases: &[f32],
        inputs: &[f32],
        outputs: &mut [f32],
    ) {
        divide(Transform { width, weights, biases, inputs, outputs });
    }

    fn combine(width: usize, factors: Factors, rows: &[f32], targets: &mut [f32], add: bool) {
        divide(Combine { width, factors, first: 0, rows, targets, add });
    }
}
