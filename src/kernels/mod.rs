//! The passes over memory, and the numeric contract that makes them give the same bits everywhere.
//!
//! # The numeric contract
//!
//! Every operation on an `f32` is one IEEE-754 addition, subtraction, multiplication, division or
//! square root. It is rounded to nearest, happens in the order written here, and is never
//! contracted into a fused multiply-add.
//!
//! - A reduction goes through its terms in panels of [`PANEL`] terms.
//! - A panel keeps [`LANES`] partial sums. Each starts at -0.0, since adding to it changes no
//!   number. Term `i` is added to lane `i % LANES`, in the order of `i`.
//! - The lanes of the panels are added up lane by lane, in the order of the panels. What results is
//!   added up pairwise, the upper half onto the lower half, until one number is left
//!   ([`sum_lanes`]).
//! - A pass over more than [`SEGMENT`] parameters makes such a sum of each segment, and adds up the
//!   segments in their order.
//! - The products of a layer with several samples add one sample after the other.
//!
//! A vector unit may compute several lanes at once, and threads may compute several segments or
//! rows at once, but neither may change the order. So [`Scalar`](type@Scalar) on a Cortex-M0 and
//! `Wide` on AVX-512 agree in every bit. Subnormal numbers follow the same rule on every core that
//! does not flush them to zero. Only the Helium unit of the Cortex-M55 does flush them; its results
//! agree as long as no operand and no result is subnormal.
//!
//! Panels are there for the desktop: a processor that executes out of order begins the next panel
//! while the additions of the last one are still under way. Sums over millions of terms also lose
//! fewer bits.
//!
//! All slices of a pass have the same length, which the optimizers check once a step. If they
//! differ, no pass touches anything beyond the shortest, but its sums mean nothing.

pub mod bytes;
#[cfg(any(dsp, fpu, mve))]
mod cortex_m;
mod factors;
mod filters;
mod scalar;
mod simd_vector;
mod task;
mod vector;
#[cfg(feature = "simd")]
mod wide;

pub use factors::Factors;
pub(crate) use filters::Filters;
pub(crate) use scalar::sqrt;
pub use scalar::{Never, Pause, Pausing, Scalar};
pub use simd_vector::SimdVector;
pub use task::{Task, Unit};
pub use vector::Vector;
#[cfg(feature = "simd")]
pub use wide::{Level, Pass, Wide};

/// The value that a lane starts from: adding to it changes no number, not even the sign of a zero.
pub(crate) const NOTHING: f32 = -0.0;

/// The kernels that constructors choose: [`Wide`] with the feature `simd`, else
/// [`Scalar`](type@Scalar).
///
/// The feature changes the speed, but never a bit of the result.
#[cfg(feature = "simd")]
pub type Active = Wide;
/// The kernels that constructors choose: `Wide` with the feature `simd`, else
/// [`Scalar`](type@Scalar).
///
/// The feature changes the speed, but never a bit of the result.
#[cfg(not(feature = "simd"))]
pub type Active = Scalar;

/// How many partial sums a reduction keeps. ARCHITECTURE.md shows the measurements behind this
/// choice.
pub const LANES: usize = 8;

/// How many terms of a reduction go into one set of partial sums. ARCHITECTURE.md shows the
/// measurements behind this choice.
pub const PANEL: usize = 256;

/// How many terms of a reduction are added up before the next ones are begun. A thread takes at
/// least a segment.
pub const SEGMENT: usize = 256 * PANEL;

/// The sums that a Gauss-Newton iteration or a projection needs, all from one pass. Here
/// `d = displaced - theta`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FootpointSums {
    /// `|d|^2`
    pub distance: f32,
    /// `gradient . d`
    pub along: f32,
    /// `|gradient|^2`
    pub gradient: f32,
}

/// The sums that a step of the contact needs, all from one pass.
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

/// The settings of Adam's update of each element. The bias corrections are already folded in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamCoefficients {
    /// The decay of the running mean of the gradient, at least 0 and below 1.
    pub beta1: f32,
    /// The decay of the running mean of the squared gradient.
    pub beta2: f32,
    /// `learning_rate / (1 - beta1^t)`, in step `t`.
    pub rate: f32,
    /// `1 / (1 - beta2^t)`, in step `t`.
    pub second_correction: f32,
    /// The number that is added to the root of the second moment, to keep the quotient finite.
    pub epsilon: f32,
    /// `learning_rate * weight_decay`: the decoupled weight decay of AdamW.
    pub decay: f32,
}

/// The passes that the optimizers make over their vectors.
///
/// A pass that replaces `theta` leaves the old `theta` in `gradient`, whose content is no longer
/// needed by then. A roll-back restores theta from there.
pub trait VectorOps {
    /// The type of the vectors: `[f32]`, or a vector in the memory of a device such as a GPU.
    type Vector: Vector + ?Sized;

    /// `a . b`
    #[must_use]
    fn dot(a: &Self::Vector, b: &Self::Vector) -> f32;

    /// `(|a|^2, |b|^2)`
    #[must_use]
    fn squared_norms(a: &Self::Vector, b: &Self::Vector) -> (f32, f32);

    /// The sums of one iteration of a footpoint solver.
    #[must_use]
    fn footpoint_sums(
        theta: &Self::Vector,
        displaced: &Self::Vector,
        gradient: &Self::Vector,
    ) -> FootpointSums;

    /// The sums of one step of the contact.
    #[must_use]
    fn contact_sums(
        theta: &Self::Vector,
        offset: &Self::Vector,
        gradient: &Self::Vector,
    ) -> ContactSums;

    /// `y += scale * x`
    fn add_scaled(y: &mut Self::Vector, scale: f32, x: &Self::Vector);

    /// `sum = decay * sum + scale * x`. Returns the absolute values of the new sum, added up.
    fn decay_and_add(sum: &mut Self::Vector, x: &Self::Vector, decay: f32, scale: f32) -> f32;

    /// `y = scale * x`
    fn scale_into(y: &mut Self::Vector, scale: f32, x: &Self::Vector);

    /// `y = x + scale * (z - x)`; the result replaces `y`.
    fn interpolate_into(y: &mut Self::Vector, x: &Self::Vector, z: &Self::Vector, scale: f32);

    /// `theta = start + scale * (theta - start)`: the move from `start` to theta is made this many
    /// times as long.
    fn rescale_move(theta: &mut Self::Vector, start: &Self::Vector, scale: f32);

    /// `theta += scale * (theta - before)`: goes on along the move from `before` to theta. The old
    /// theta is left in `before`.
    fn repeat_move(theta: &mut Self::Vector, before: &mut Self::Vector, scale: f32);

    /// `displaced = theta - (rate + reach) * gradient` and `theta -= rate * gradient`. The first is
    /// computed as `displaced = theta' - reach * gradient`, where theta' is the new theta. The old
    /// theta is left in `gradient`.
    fn displace(
        theta: &mut Self::Vector,
        displaced: &mut Self::Vector,
        gradient: &mut Self::Vector,
        rate: f32,
        reach: f32,
    );

    /// `theta += (displaced - theta) - scale * gradient`. The old theta is left in `gradient`.
    fn gauss_newton_move(
        theta: &mut Self::Vector,
        displaced: &Self::Vector,
        gradient: &mut Self::Vector,
        scale: f32,
    );

    /// `theta -= step * ((theta - displaced) + pull * gradient)`. The old theta is left in
    /// `gradient`.
    fn project(
        theta: &mut Self::Vector,
        displaced: &Self::Vector,
        gradient: &mut Self::Vector,
        step: f32,
        pull: f32,
    );

    /// Moves the centre `x = theta - offset` by `-rate * gradient`, replaces the offset by
    /// `reach * gradient`, and replaces theta by the new contact `x + offset`. Returns the squared
    /// length of theta's move; the old theta is left in `gradient`.
    fn roll(
        theta: &mut Self::Vector,
        offset: &mut Self::Vector,
        gradient: &mut Self::Vector,
        rate: f32,
        reach: f32,
    ) -> f32;

    /// `theta -= rate * gradient`. Returns `(|theta|^2, |gradient|^2)` as they were before; the old
    /// theta is left in `gradient`.
    #[must_use]
    fn descend(theta: &mut Self::Vector, gradient: &mut Self::Vector, rate: f32) -> (f32, f32);

    /// `velocity = momentum * velocity + gradient`. Theta moves by `-rate * velocity`; with
    /// `nesterov`, by `-rate * (gradient + momentum * velocity)`. Returns the squared length of the
    /// move; the old theta is left in `gradient`.
    fn descend_with_momentum(
        theta: &mut Self::Vector,
        velocity: &mut Self::Vector,
        gradient: &mut Self::Vector,
        rate: f32,
        momentum: f32,
        nesterov: bool,
    ) -> f32;

    /// Makes one step of Adam. Returns the squared length of the move; the old theta is left in
    /// `gradient`.
    fn adam(
        theta: &mut Self::Vector,
        mean: &mut Self::Vector,
        variance: &mut Self::Vector,
        gradient: &mut Self::Vector,
        coefficients: AdamCoefficients,
    ) -> f32;

    /// `kept = theta`, then `theta += scale * gradient`.
    fn perturb(
        theta: &mut Self::Vector,
        kept: &mut Self::Vector,
        gradient: &Self::Vector,
        scale: f32,
    );

    /// `theta = kept - rate * gradient`.
    fn descend_from(
        theta: &mut Self::Vector,
        kept: &Self::Vector,
        gradient: &Self::Vector,
        rate: f32,
    );
}

/// The passes over slices, and the matrix products that the networks need.
pub trait Kernels: VectorOps<Vector = [f32]> {
    /// Runs a task on the vector unit of these kernels.
    fn run<T: Task>(task: T) -> T::Output;

    /// Lets other duties have the core, where the kernels are [`Pausing`].
    #[inline(always)]
    fn pause() {}

    /// For each of several samples, computes `outputs[s][o] = biases[o] + weights[o] . inputs[s]`.
    /// A row of the weights and an input are both `width` long.
    fn transform(
        width: usize,
        weights: &[f32],
        biases: &[f32],
        inputs: &[f32],
        outputs: &mut [f32],
    );

    /// Computes `targets[r] += sum over t of factor(r, t) * rows[t]`, one addition after the other.
    /// Without `add`, the sum starts from nothing instead of from the target. A row and a target
    /// are both `width` long.
    ///
    /// One function serves two gradients. With the slopes as factors and the inputs as rows it
    /// gives the gradient with respect to the weights, where each term is a sample. With the slopes
    /// as factors and the weights as rows it gives that with respect to the inputs, where each term
    /// is an output.
    fn combine(width: usize, factors: Factors, rows: &[f32], targets: &mut [f32], add: bool);
}

/// Adds up the lanes in the order of the contract: the upper half onto the lower half, until one is
/// left.
#[inline(always)]
#[must_use]
pub fn sum_lanes<const L: usize>(mut lanes: [f32; L]) -> f32 {
    let mut width = L;
    while width > 1 {
        width /= 2;
        let Some((low, high)) = lanes.split_at_mut_checked(width) else { break };
        for (low, high) in low.iter_mut().zip(high) {
            *low += *high;
        }
    }
    lanes.first().copied().unwrap_or(0.0)
}
