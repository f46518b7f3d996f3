//! Passes over memory, and the numeric contract that makes them give the same bits everywhere.
//!
//! **The contract.** Every operation on an `f32` is one IEEE-754 addition, subtraction,
//! multiplication, division or square root, rounded to nearest, in the order written here, and never
//! contracted into a fused multiply-add. A reduction goes through its terms in panels of [`PANEL`]. A panel keeps [`LANES`]
//! partial sums, which start at -0.0, to which anything may be added without a change: term `i` is added to lane
//! `i % LANES`, in the order of `i`. The lanes of the panels are added up in the order of the panels, lane by
//! lane; then pairwise, the upper half onto the lower half, until one is left ([`sum_lanes`]). Where there are more than
//! [`SEGMENT`] terms in a pass over parameters, each segment of them is such a sum, and the segments are added up in
//! their order. The products of a layer with several samples add one sample after the other.
//!
//! A vector unit may do several lanes at once, and threads several segments, or rows; they may not change the order.
//! So [`Scalar`] on a Cortex-M0 and `Wide` on AVX-512 agree in every bit. Subnormal numbers follow the
//! same rule on every core that does not flush them to zero (all but the Helium unit of the Cortex-M55,
//! where results agree as long as no operand or result is subnormal).
//!
//! Panels are there for the desktop: a processor that runs ahead begins the next one while the additions of the last are
//! still under way, and sums over millions of terms lose fewer bits.
//!
//! A pass works on the shortest of its slices; the optimizers check lengths once a step.

#[cfg(feature = "simd")]
mod dispatch;
mod filters;
mod formulas;
mod matrix;
mod pass;
mod rows;
mod scalar;
mod vector;
#[cfg(feature = "simd")]
mod wide;

#[cfg(feature = "simd")]
pub use dispatch::Level;
pub(crate) use filters::Filters;
pub(crate) use matrix::{Combine, Factors, Transform};
pub use pass::Pass;
pub use scalar::Scalar;
pub use vector::{Lanes, Vector};
#[cfg(feature = "simd")]
pub use wide::Wide;

use pass::Sweep;

/// The kernels that constructors choose: [`Wide`] with the feature `simd`, else [`Scalar`].
///
/// The feature changes the speed, never a bit of the result.
#[cfg(feature = "simd")]
pub type Active = Wide;
/// The kernels that constructors choose: `Wide` with the feature `simd`, else [`Scalar`].
///
/// The feature changes the speed, never a bit of the result.
#[cfg(not(feature = "simd"))]
pub type Active = Scalar;

/// Partial sums of a reduction. Measured choice, see ARCHITECTURE.md.
pub const LANES: usize = 8;

/// Terms of a reduction that one set of partial sums takes. Measured choice, see ARCHITECTURE.md.
pub const PANEL: usize = 256;

/// Terms of a reduction that are added up before the next are begun: what a thread takes at least.
pub const SEGMENT: usize = 256 * PANEL;

/// Sums that a Gauss-Newton iteration or a projection needs, from one pass. With `d = displaced - theta`:
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FootpointSums {
    /// `|d|^2`
    pub distance: f32,
    /// `gradient . d`
    pub along: f32,
    /// `|gradient|^2`
    pub gradient: f32,
}

/// Sums that a step of the contact needs, from one pass.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ContactSums {
    /// `|theta|^2`
    pub theta: f32,
    /// `|gradient|^2`
    pub gradient: f32,
    /// `|offset|^2`
    pub offset: f32,
    /// `gradient . offset`
    pub along: f32,
}

/// Work that is written once for every vector unit.
pub trait Task {
    /// What it gives.
    type Output;

    /// Does it. Always inlined, with all that it calls, so that it is compiled for the unit.
    fn run<U: Unit>(self) -> Self::Output;
}

/// What a task is compiled for.
pub trait Unit {
    /// Eight lanes.
    type Vector: Lanes;
    /// How many of them fit its registers.
    const TILE: Tile;
}

/// A tile of a product of matrices, which stays in registers: rows by samples, or by vectors of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tile {
    /// A row at a time, in the least code.
    None,
    /// Four vectors.
    TwoByTwo,
    /// Twelve vectors.
    FourByThree,
    /// Sixteen vectors.
    FourByFour,
}

/// What Adam does to each element, with the bias corrections already folded in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamCoefficients {
    /// Decay of the mean of the gradient.
    pub beta1: f32,
    /// Decay of the mean of the squared gradient.
    pub beta2: f32,
    /// `learning_rate / (1 - beta1^t)`
    pub rate: f32,
    /// `1 / (1 - beta2^t)`
    pub second_correction: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// `learning_rate * weight_decay`: the decoupled decay of AdamW.
    pub decay: f32,
}

/// Every pass that the optimizers and the networks make over memory.
///
/// Where a pass replaces `theta`, it leaves the old `theta` in `gradient`, whose content is spent by then:
/// that is what a roll-back restores.
pub trait Kernels {
    /// Does a task on the vector unit of these kernels.
    fn run<T: Task>(task: T) -> T::Output;

    /// Goes through slices, up to the end of the shortest, and gives the sums.
    fn pass<P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize>(
        pass: &P,
        written: [&mut [f32]; W],
        read: [&[f32]; R],
    ) -> [f32; S] {
        Self::run(Sweep { pass, written, read })
    }

    /// `a . b`
    #[must_use]
    fn dot(a: &[f32], b: &[f32]) -> f32 {
        let [sum] = Self::pass(&formulas::Dot, [], [a, b]);
        sum
    }

    /// `(|a|^2, |b|^2)`
    #[must_use]
    fn squared_norms(a: &[f32], b: &[f32]) -> (f32, f32) {
        let [a, b] = Self::pass(&formulas::SquaredNorms, [], [a, b]);
        (a, b)
    }

    /// The sums of one footpoint iteration.
    #[must_use]
    fn footpoint_sums(theta: &[f32], displaced: &[f32], gradient: &[f32]) -> FootpointSums {
        let [distance, along, gradient] =
            Self::pass(&formulas::FootpointSums, [], [theta, displaced, gradient]);
        FootpointSums { distance, along, gradient }
    }

    /// The sums of one contact step.
    #[must_use]
    fn contact_sums(theta: &[f32], offset: &[f32], gradient: &[f32]) -> ContactSums {
        let [theta, gradient, offset, along] =
            Self::pass(&formulas::ContactSums, [], [theta, offset, gradient]);
        ContactSums { theta, gradient, offset, along }
    }

    /// `y += scale * x`
    fn add_scaled(y: &mut [f32], scale: f32, x: &[f32]) {
        let [] = Self::pass(&formulas::AddScaled { scale }, [y], [x]);
    }

    /// `y = scale * x`
    fn scale_into(y: &mut [f32], scale: f32, x: &[f32]) {
        let [] = Self::pass(&formulas::ScaleInto { scale }, [y], [x]);
    }

    /// `y = x + scale * (z - x)`, written over `y`.
    fn interpolate_into(y: &mut [f32], x: &[f32], z: &[f32], scale: f32) {
        let [] = Self::pass(&formulas::InterpolateInto { scale }, [y], [x, z]);
    }

    /// `displaced = theta - (rate + reach) * gradient` and `theta -= rate * gradient`; written as
    /// `displaced = theta' - reach * gradient` with the new theta'.
    fn displace(theta: &mut [f32], displaced: &mut [f32], gradient: &[f32], rate: f32, reach: f32) {
        let [] = Self::pass(&formulas::Displace { rate, reach }, [theta, displaced], [gradient]);
    }

    /// The direction `p = (displaced - theta) - scale * gradient`, left in `gradient`, and `theta += p`.
    fn gauss_newton_move(theta: &mut [f32], displaced: &[f32], gradient: &mut [f32], scale: f32) {
        let [] = Self::pass(&formulas::GaussNewtonMove { scale }, [theta, gradient], [displaced]);
    }

    /// `theta -= step * ((theta - displaced) + pull * gradient)`, the old theta left in `gradient`.
    fn project(theta: &mut [f32], displaced: &[f32], gradient: &mut [f32], step: f32, pull: f32) {
        let [] = Self::pass(&formulas::Project { step, pull }, [theta, gradient], [displaced]);
    }

    /// The centre `x = theta - offset` moves by `-rate * gradient`, the offset becomes
    /// `reach * gradient`, and theta the new contact `x + offset`. Returns the squared length of theta's move;
    /// the old theta is left in `gradient`.
    fn roll(
        theta: &mut [f32],
        offset: &mut [f32],
        gradient: &mut [f32],
        rate: f32,
        reach: f32,
    ) -> f32 {
        let [moved] = Self::pass(&formulas::Roll { rate, reach }, [theta, offset, gradient], []);
        moved
    }

    /// `theta -= rate * gradient`, the old theta left in `gradient`.
    fn descend(theta: &mut [f32], gradient: &mut [f32], rate: f32) {
        let [] = Self::pass(&formulas::Descend { rate }, [theta, gradient], []);
    }

    /// `velocity = momentum * velocity + gradient`; theta moves by `-rate * velocity`, or, with `nesterov`, by
    /// `-rate * (gradient + momentum * velocity)`. Returns the squared length of the move; the old theta is
    /// left in `gradient`.
    fn descend_with_momentum(
        theta: &mut [f32],
        velocity: &mut [f32],
        gradient: &mut [f32],
        rate: f32,
        momentum: f32,
        nesterov: bool,
    ) -> f32 {
        let pass = formulas::DescendWithMomentum { rate, momentum, nesterov };
        let [moved] = Self::pass(&pass, [theta, velocity, gradient], []);
        moved
    }

    /// One step of Adam. Returns the squared length of the move; the old theta is left in `gradient`.
    fn adam(
        theta: &mut [f32],
        mean: &mut [f32],
        variance: &mut [f32],
        gradient: &mut [f32],
        coefficients: AdamCoefficients,
    ) -> f32 {
        let [moved] = Self::pass(&coefficients, [theta, mean, variance, gradient], []);
        moved
    }

    /// `kept = theta`, then `theta += scale * gradient`.
    fn perturb(theta: &mut [f32], kept: &mut [f32], gradient: &[f32], scale: f32) {
        let [] = Self::pass(&formulas::Perturb { scale }, [theta, kept], [gradient]);
    }

    /// `theta = kept - rate * gradient`.
    fn descend_from(theta: &mut [f32], kept: &[f32], gradient: &[f32], rate: f32) {
        let [] = Self::pass(&formulas::DescendFrom { rate }, [theta], [kept, gradient]);
    }
}

/// `a . b`, inside a task.
#[inline(always)]
pub(crate) fn dot<U: Unit>(a: &[f32], b: &[f32]) -> f32 {
    let [sum] = Sweep { pass: &formulas::Dot, written: [], read: [a, b] }.run::<U>();
    sum
}

/// `y += scale * x`, inside a task.
#[inline(always)]
pub(crate) fn add_scaled<U: Unit>(y: &mut [f32], scale: f32, x: &[f32]) {
    let pass = &formulas::AddScaled { scale };
    let [] = Sweep { pass, written: [y], read: [x] }.run::<U>();
}

/// Adds the lanes in the order of the contract: the upper half onto the lower half, until one is left.
#[inline(always)]
#[must_use]
pub fn sum_lanes<const L: usize>(mut lanes: [f32; L]) -> f32 {
    let mut width = L;
    while width > 1 {
        width /= 2;
        let (low, high) = lanes.split_at_mut(width);
        for (low, high) in low.iter_mut().zip(high) {
            *low += *high;
        }
    }
    lanes.first().copied().unwrap_or(0.0)
}
