//! The passes, each given by what it does to one element. A pass that replaces theta leaves the old
//! theta in the place of the gradient, from where a roll-back restores it, and adds up the square
//! of the move.

use super::Pass;
use crate::kernels::{AdamCoefficients, SimdVector};

/// `a . b`
#[derive(Clone, Copy)]
pub struct Dot;

impl Pass<0, 2, 1> for Dot {
    #[inline(always)]
    fn apply<V: SimdVector>(self, _: [V; 0], [a, b]: [V; 2]) -> ([V; 0], [V; 1]) {
        ([], [a * b])
    }
}

/// `(|a|^2, |b|^2)`
#[derive(Clone, Copy)]
pub struct SquaredNorms;

impl Pass<0, 2, 2> for SquaredNorms {
    #[inline(always)]
    fn apply<V: SimdVector>(self, _: [V; 0], [a, b]: [V; 2]) -> ([V; 0], [V; 2]) {
        ([], [a * a, b * b])
    }
}

/// Over `[theta, displaced, gradient]`, with `d = displaced - theta`: the sums
/// `(|d|^2, gradient . d, |gradient|^2)`.
#[derive(Clone, Copy)]
pub struct FootpointSums;

impl Pass<0, 3, 3> for FootpointSums {
    #[inline(always)]
    fn apply<V: SimdVector>(
        self,
        _: [V; 0],
        [theta, displaced, gradient]: [V; 3],
    ) -> ([V; 0], [V; 3]) {
        let d = displaced - theta;
        ([], [d * d, gradient * d, gradient * gradient])
    }
}

/// Over `[theta, offset, gradient]`: the sums
/// `(|theta|^2, |gradient|^2, |offset|^2, gradient . offset)`.
#[derive(Clone, Copy)]
pub struct ContactSums;

impl Pass<0, 3, 4> for ContactSums {
    #[inline(always)]
    fn apply<V: SimdVector>(
        self,
        _: [V; 0],
        [theta, offset, gradient]: [V; 3],
    ) -> ([V; 0], [V; 4]) {
        ([], [theta * theta, gradient * gradient, offset * offset, gradient * offset])
    }
}

/// `y + scale * x`
#[derive(Clone, Copy)]
pub struct AddScaled {
    pub scale: f32,
}

impl Pass<1, 1, 0> for AddScaled {
    #[inline(always)]
    fn apply<V: SimdVector>(self, [y]: [V; 1], [x]: [V; 1]) -> ([V; 1], [V; 0]) {
        ([y + V::splat(self.scale) * x], [])
    }
}

/// Over `[sum]` and `[x]`: `decay * sum + scale * x`, and the sum of the absolute values.
#[derive(Clone, Copy)]
pub struct DecayAndAdd {
    pub decay: f32,
    pub scale: f32,
}

impl Pass<1, 1, 1> for DecayAndAdd {
    #[inline(always)]
    fn apply<V: SimdVector>(self, [sum]: [V; 1], [x]: [V; 1]) -> ([V; 1], [V; 1]) {
        let sum = V::splat(self.decay) * sum + V::splat(self.scale) * x;
        ([sum], [sum.abs()])
    }
}

/// `scale * x`
#[derive(Clone, Copy)]
pub struct ScaleInto {
    pub scale: f32,
}

impl Pass<1, 1, 0> for ScaleInto {
    #[inline(always)]
    fn apply<V: SimdVector>(self, _: [V; 1], [x]: [V; 1]) -> ([V; 1], [V; 0]) {
        ([V::splat(self.scale) * x], [])
    }
}

/// `x + scale * (z - x)`
#[derive(Clone, Copy)]
pub struct InterpolateInto {
    pub scale: f32,
}

impl Pass<1, 2, 0> for InterpolateInto {
    #[inline(always)]
    fn apply<V: SimdVector>(self, _: [V; 1], [x, z]: [V; 2]) -> ([V; 1], [V; 0]) {
        ([x + V::splat(self.scale) * (z - x)], [])
    }
}

/// `start + scale * (theta - start)`
#[derive(Clone, Copy)]
pub struct RescaleMove {
    pub scale: f32,
}

impl Pass<1, 1, 0> for RescaleMove {
    #[inline(always)]
    fn apply<V: SimdVector>(self, [theta]: [V; 1], [start]: [V; 1]) -> ([V; 1], [V; 0]) {
        ([start + V::splat(self.scale) * (theta - start)], [])
    }
}

/// Over `[theta, before]`: `theta + scale * (theta - before)`, and the old theta.
#[derive(Clone, Copy)]
pub struct RepeatMove {
    pub scale: f32,
}

impl Pass<2, 0, 0> for RepeatMove {
    #[inline(always)]
    fn apply<V: SimdVector>(self, [theta, before]: [V; 2], _: [V; 0]) -> ([V; 2], [V; 0]) {
        ([theta + V::splat(self.scale) * (theta - before), theta], [])
    }
}

/// Over `[theta, displaced, gradient]`: the new theta, `theta' = theta - rate * gradient`, and
/// `theta' - reach * gradient`.
#[derive(Clone, Copy)]
pub struct Displace {
    pub rate: f32,
    pub reach: f32,
}

impl Pass<3, 0, 0> for Displace {
    #[inline(always)]
    fn apply<V: SimdVector>(self, [theta, _, gradient]: [V; 3], _: [V; 0]) -> ([V; 3], [V; 0]) {
        let new = theta - V::splat(self.rate) * gradient;
        ([new, new - V::splat(self.reach) * gradient, theta], [])
    }
}

/// Over `[theta, gradient]` and `[displaced]`: `theta + ((displaced - theta) - scale * gradient)`.
#[derive(Clone, Copy)]
pub struct GaussNewtonMove {
    pub scale: f32,
}

impl Pass<2, 1, 0> for GaussNewtonMove {
    #[inline(always)]
    fn apply<V: SimdVector>(
        self,
        [theta, gradient]: [V; 2],
        [displaced]: [V; 1],
    ) -> ([V; 2], [V; 0]) {
        let direction = (displaced - theta) - V::splat(self.scale) * gradient;
        ([theta + direction, theta], [])
    }
}

/// Over `[theta, gradient]` and `[displaced]`:
/// `theta - step * ((theta - displaced) + pull * gradient)`.
#[derive(Clone, Copy)]
pub struct Project {
    pub step: f32,
    pub pull: f32,
}

impl Pass<2, 1, 0> for Project {
    #[inline(always)]
    fn apply<V: SimdVector>(
        self,
        [theta, gradient]: [V; 2],
        [displaced]: [V; 1],
    ) -> ([V; 2], [V; 0]) {
        let slope = (theta - displaced) + V::splat(self.pull) * gradient;
        ([theta - V::splat(self.step) * slope, theta], [])
    }
}

/// Over `[theta, offset, gradient]`: the centre `theta - offset` moves by `-rate * gradient`, the
/// offset becomes `reach * gradient`, and theta becomes their sum.
#[derive(Clone, Copy)]
pub struct Roll {
    pub rate: f32,
    pub reach: f32,
}

impl Pass<3, 0, 1> for Roll {
    #[inline(always)]
    fn apply<V: SimdVector>(
        self,
        [theta, offset, gradient]: [V; 3],
        _: [V; 0],
    ) -> ([V; 3], [V; 1]) {
        let centre = (theta - offset) - V::splat(self.rate) * gradient;
        let offset = V::splat(self.reach) * gradient;
        let new = centre + offset;
        ([new, offset, theta], [squared(new - theta)])
    }
}

/// Over `[theta, gradient]`: `theta - rate * gradient`, and the sums `(|theta|^2, |gradient|^2)`
/// from before.
#[derive(Clone, Copy)]
pub struct Descend {
    pub rate: f32,
}

impl Pass<2, 0, 2> for Descend {
    #[inline(always)]
    fn apply<V: SimdVector>(self, [theta, gradient]: [V; 2], _: [V; 0]) -> ([V; 2], [V; 2]) {
        let new = theta - V::splat(self.rate) * gradient;
        ([new, theta], [squared(theta), squared(gradient)])
    }
}

/// Over `[theta, velocity, gradient]`: `velocity' = momentum * velocity + gradient`. Theta moves by
/// `-rate` times that or, with `nesterov`, times `gradient + momentum * velocity'`.
#[derive(Clone, Copy)]
pub struct DescendWithMomentum {
    pub rate: f32,
    pub momentum: f32,
    pub nesterov: bool,
}

impl Pass<3, 0, 1> for DescendWithMomentum {
    #[inline(always)]
    fn apply<V: SimdVector>(
        self,
        [theta, velocity, gradient]: [V; 3],
        _: [V; 0],
    ) -> ([V; 3], [V; 1]) {
        let momentum = V::splat(self.momentum);
        let velocity = momentum * velocity + gradient;
        let direction = if self.nesterov { gradient + momentum * velocity } else { velocity };
        let new = theta - V::splat(self.rate) * direction;
        ([new, velocity, theta], [squared(new - theta)])
    }
}

impl Pass<4, 0, 1> for AdamCoefficients {
    #[inline(always)]
    fn apply<V: SimdVector>(
        self,
        [theta, mean, variance, gradient]: [V; 4],
        _: [V; 0],
    ) -> ([V; 4], [V; 1]) {
        let mean = V::splat(self.beta1) * mean + V::splat(1.0 - self.beta1) * gradient;
        let squares = V::splat(1.0 - self.beta2) * squared(gradient);
        let variance = V::splat(self.beta2) * variance + squares;
        let root = (variance * V::splat(self.second_correction)).sqrt() + V::splat(self.epsilon);
        let kept = theta - V::splat(self.decay) * theta;
        let new = kept - (V::splat(self.rate) * mean) / root;
        ([new, mean, variance, theta], [squared(new - theta)])
    }
}

/// Over `[theta, kept]` and `[gradient]`: `theta + scale * gradient`; the old theta is kept.
#[derive(Clone, Copy)]
pub struct Perturb {
    pub scale: f32,
}

impl Pass<2, 1, 0> for Perturb {
    #[inline(always)]
    fn apply<V: SimdVector>(self, [theta, _]: [V; 2], [gradient]: [V; 1]) -> ([V; 2], [V; 0]) {
        ([theta + V::splat(self.scale) * gradient, theta], [])
    }
}

/// Over `[theta]` and `[kept, gradient]`: `kept - rate * gradient`.
#[derive(Clone, Copy)]
pub struct DescendFrom {
    pub rate: f32,
}

impl Pass<1, 2, 0> for DescendFrom {
    #[inline(always)]
    fn apply<V: SimdVector>(self, _: [V; 1], [kept, gradient]: [V; 2]) -> ([V; 1], [V; 0]) {
        ([kept - V::splat(self.rate) * gradient], [])
    }
}

#[inline(always)]
fn squared<V: SimdVector>(value: V) -> V {
    value * value
}
