//! VectorOps over memory, and the numeric contract that makes them give the same bits everywhere.
//!
//! **The contract.** Every operation on an `f32` is one IEEE-754 addition, subtraction,
//! multiplication, division or square root, rounded to nearest, in the order written here, and
//! never contracted into a fused multiply-add. A reduction goes through its terms in panels of
//! [`PANEL`]. A panel keeps [`LANES`] partial sums, which start at -0.0, to which anything may be
//! added without a change: term `i` is added to lane `i % LANES`, in the order of `i`. The lanes of
//! the panels are added up in the order of the panels, lane by lane; then pairwise, the upper half
//! onto the lower half, until one is left ([`sum_lanes`]). Where there are more than [`SEGMENT`]
//! terms in a pass over parameters, each segment of them is such a sum, and the segments are added
//! up in their order. The products of a layer with several samples add one sample after the other.
//!
//! A vector unit may do several lanes at once, and threads several segments, or rows; they may not
//! change the order. So [`Scalar`] on a Cortex-M0 and `Wide` on AVX-512 agree in every bit.
//! Subnormal numbers follow the same rule on every core that does not flush them to zero (all but
//! the Helium unit of the Cortex-M55, where results agree as long as no operand or result is
//! subnormal).
//!
//! Panels are there for the desktop: a processor that runs ahead begins the next one while the
//! additions of the last are still under way, and sums over millions of terms lose fewer bits.
//!
//! The slices of a pass are of one length, which the optimizers check once a step. Nothing beyond
//! the shortest of others is touched, but their sums mean nothing.

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
pub use scalar::Scalar;
pub use simd_vector::SimdVector;
pub use task::{Task, Unit};
pub use vector::Vector;
#[cfg(feature = "simd")]
pub use wide::{Level, Pass, Wide};

/// What a lane starts from: to add to it changes no number, not even the sign of a zero.
pub(crate) const NOTHING: f32 = -0.0;

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

/// Sums that a Gauss-Newton iteration or a projection needs, from one pass. With
/// `d = displaced - theta`:
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

/// The passes that the optimizers make over their vectors.
///
/// Where a pass replaces `theta`, it leaves the old `theta` in `gradient`, whose content is spent
/// by then: that is what a roll-back restores.
pub trait VectorOps {
    /// What they go over: `[f32]`, or a vector on a device of its own.
    type Vector: Vector + ?Sized;

    /// `a . b`
    #[must_use]
    fn dot(a: &Self::Vector, b: &Self::Vector) -> f32;

    /// `(|a|^2, |b|^2)`
    #[must_use]
    fn squared_norms(a: &Self::Vector, b: &Self::Vector) -> (f32, f32);

    /// The sums of one footpoint iteration.
    #[must_use]
    fn footpoint_sums(
        theta: &Self::Vector,
        displaced: &Self::Vector,
        gradient: &Self::Vector,
    ) -> FootpointSums;

    /// The sums of one contact step.
    #[must_use]
    fn contact_sums(
        theta: &Self::Vector,
        offset: &Self::Vector,
        gradient: &Self::Vector,
    ) -> ContactSums;

    /// `y += scale * x`
    fn add_scaled(y: &mut Self::Vector, scale: f32, x: &Self::Vector);

    /// `y = scale * x`
    fn scale_into(y: &mut Self::Vector, scale: f32, x: &Self::Vector);

    /// `y = x + scale * (z - x)`, written over `y`.
    fn interpolate_into(y: &mut Self::Vector, x: &Self::Vector, z: &Self::Vector, scale: f32);

    /// `displaced = theta - (rate + reach) * gradient` and `theta -= rate * gradient`; written as
    /// `displaced = theta' - reach * gradient` with the new theta'.
    fn displace(
        theta: &mut Self::Vector,
        displaced: &mut Self::Vector,
        gradient: &Self::Vector,
        rate: f32,
        reach: f32,
    );

    /// The direction `p = (displaced - theta) - scale * gradient`, left in `gradient`, and
    /// `theta += p`.
    fn gauss_newton_move(
        theta: &mut Self::Vector,
        displaced: &Self::Vector,
        gradient: &mut Self::Vector,
        scale: f32,
    );

    /// `theta -= step * ((theta - displaced) + pull * gradient)`, the old theta left in `gradient`.
    fn project(
        theta: &mut Self::Vector,
        displaced: &Self::Vector,
        gradient: &mut Self::Vector,
        step: f32,
        pull: f32,
    );

    /// The centre `x = theta - offset` moves by `-rate * gradient`, the offset becomes
    /// `reach * gradient`, and theta the new contact `x + offset`. Returns the squared length of
    /// theta's move; the old theta is left in `gradient`.
    fn roll(
        theta: &mut Self::Vector,
        offset: &mut Self::Vector,
        gradient: &mut Self::Vector,
        rate: f32,
        reach: f32,
    ) -> f32;

    /// `theta -= rate * gradient`, the old theta left in `gradient`. Returns
    /// `(|theta|^2, |gradient|^2)` of before.
    #[must_use]
    fn descend(theta: &mut Self::Vector, gradient: &mut Self::Vector, rate: f32) -> (f32, f32);

    /// `velocity = momentum * velocity + gradient`; theta moves by `-rate * velocity`, or, with
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

    /// One step of Adam. Returns the squared length of the move; the old theta is left in
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

/// The passes over slices, and the products that the networks make of them.
pub trait Kernels: VectorOps<Vector = [f32]> {
    /// Does a task on the vector unit of these kernels.
    fn run<T: Task>(task: T) -> T::Output;

    /// Of several samples: `outputs[s][o] = biases[o] + weights[o] . inputs[s]`, where a row of the
    /// weights and an input are `width` long.
    fn transform(
        width: usize,
        weights: &[f32],
        biases: &[f32],
        inputs: &[f32],
        outputs: &mut [f32],
    );

    /// `targets[r] += sum over t of factor(r, t) * rows[t]`, one addition after the other; from
    /// nothing, unless `add`. A row and a target are `width` long.
    ///
    /// With the slopes as factors and the inputs as rows, the gradient with respect to the weights,
    /// where a term is a sample; with the weights as rows, that with respect to the inputs, where
    /// it is an output.
    fn combine(width: usize, factors: Factors, rows: &[f32], targets: &mut [f32], add: bool);
}

/// Adds the lanes in the order of the contract: the upper half onto the lower half, until one is
/// left.
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
