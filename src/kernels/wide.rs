//! The same passes on vectors of eight; what is left over goes to the scalar loops, lane by lane.

use super::scalar::{FootpointLanes, Scalar, accumulate, adam_block, momentum_block, roll_block};
use super::{AdamCoefficients, ContactSums, FootpointSums, Kernels, LANES, sum_lanes};
use wide::f32x8;

/// Kernels on `wide` vectors of eight lanes (feature `simd`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wide;

const ZERO: f32x8 = f32x8::ZERO;

#[inline(always)]
fn load(block: &[f32; LANES]) -> f32x8 {
    f32x8::new(*block)
}

/// Puts the new theta in place, leaves the old one in `gradient` and adds the squares of the move to the lanes.
#[inline(always)]
fn replace(
    lanes: &mut f32x8,
    theta: &mut [f32; LANES],
    gradient: &mut [f32; LANES],
    old: f32x8,
    new: f32x8,
) {
    let moved = new - old;
    *lanes += moved * moved;
    *gradient = old.to_array();
    *theta = new.to_array();
}

/// The lanes of [`ContactSums`].
#[derive(Default)]
struct ContactLanes {
    theta: [f32; LANES],
    gradient: [f32; LANES],
    offset: [f32; LANES],
    along: [f32; LANES],
}

impl ContactLanes {
    #[inline(always)]
    fn accumulate(&mut self, theta: &[f32], offset: &[f32], gradient: &[f32]) {
        accumulate(&mut self.theta, theta, theta);
        accumulate(&mut self.gradient, gradient, gradient);
        accumulate(&mut self.offset, offset, offset);
        accumulate(&mut self.along, gradient, offset);
    }

    #[inline(always)]
    fn sum(self) -> ContactSums {
        ContactSums {
            theta: sum_lanes(self.theta),
            gradient: sum_lanes(self.gradient),
            offset: sum_lanes(self.offset),
            along: sum_lanes(self.along),
        }
    }
}

impl Kernels for Wide {
    #[inline]
    fn dot(a: &[f32], b: &[f32]) -> f32 {
        let (a_blocks, a_rest) = a.as_chunks::<LANES>();
        let (b_blocks, b_rest) = b.as_chunks::<LANES>();
        let mut sums = ZERO;
        for (a, b) in a_blocks.iter().zip(b_blocks) {
            sums += load(a) * load(b);
        }
        let mut lanes = sums.to_array();
        accumulate(&mut lanes, a_rest, b_rest);
        sum_lanes(lanes)
    }

    fn squared_norms(a: &[f32], b: &[f32]) -> (f32, f32) {
        let (a_blocks, a_rest) = a.as_chunks::<LANES>();
        let (b_blocks, b_rest) = b.as_chunks::<LANES>();
        let (mut a_sums, mut b_sums) = (ZERO, ZERO);
        for (a, b) in a_blocks.iter().zip(b_blocks) {
            let (a, b) = (load(a), load(b));
            a_sums += a * a;
            b_sums += b * b;
        }
        let (mut a_lanes, mut b_lanes) = (a_sums.to_array(), b_sums.to_array());
        accumulate(&mut a_lanes, a_rest, a_rest);
        accumulate(&mut b_lanes, b_rest, b_rest);
        (sum_lanes(a_lanes), sum_lanes(b_lanes))
    }

    fn footpoint_sums(theta: &[f32], displaced: &[f32], gradient: &[f32]) -> FootpointSums {
        let (theta_blocks, theta_rest) = theta.as_chunks::<LANES>();
        let (displaced_blocks, displaced_rest) = displaced.as_chunks::<LANES>();
        let (gradient_blocks, gradient_rest) = gradient.as_chunks::<LANES>();
        let (mut distance, mut along, mut norm) = (ZERO, ZERO, ZERO);
        for ((theta, displaced), gradient) in
            theta_blocks.iter().zip(displaced_blocks).zip(gradient_blocks)
        {
            let (d, gradient) = (load(displaced) - load(theta), load(gradient));
            distance += d * d;
            along += gradient * d;
            norm += gradient * gradient;
        }
        let mut lanes = FootpointLanes {
            distance: distance.to_array(),
            along: along.to_array(),
            gradient: norm.to_array(),
        };
        lanes.accumulate(theta_rest, displaced_rest, gradient_rest);
        lanes.sum()
    }

    fn contact_sums(theta: &[f32], offset: &[f32], gradient: &[f32]) -> ContactSums {
        let (theta_blocks, theta_rest) = theta.as_chunks::<LANES>();
        let (offset_blocks, offset_rest) = offset.as_chunks::<LANES>();
        let (gradient_blocks, gradient_rest) = gradient.as_chunks::<LANES>();
        let (mut theta_sums, mut norm, mut offset_sums, mut along) = (ZERO, ZERO, ZERO, ZERO);
        for ((theta, offset), gradient) in
            theta_blocks.iter().zip(offset_blocks).zip(gradient_blocks)
        {
            let (theta, offset, gradient) = (load(theta), load(offset), load(gradient));
            theta_sums += theta * theta;
            norm += gradient * gradient;
            offset_sums += offset * offset;
            along += gradient * offset;
        }
        let mut lanes = ContactLanes {
            theta: theta_sums.to_array(),
            gradient: norm.to_array(),
            offset: offset_sums.to_array(),
            along: along.to_array(),
        };
        lanes.accumulate(theta_rest, offset_rest, gradient_rest);
        lanes.sum()
    }

    #[inline]
    fn add_scaled(y: &mut [f32], scale: f32, x: &[f32]) {
        let (y_blocks, y_rest) = y.as_chunks_mut::<LANES>();
        let (x_blocks, x_rest) = x.as_chunks::<LANES>();
        let factor = f32x8::splat(scale);
        for (y, x) in y_blocks.iter_mut().zip(x_blocks) {
            *y = (load(y) + factor * load(x)).to_array();
        }
        Scalar::add_scaled(y_rest, scale, x_rest);
    }

    fn scale_into(y: &mut [f32], scale: f32, x: &[f32]) {
        let (y_blocks, y_rest) = y.as_chunks_mut::<LANES>();
        let (x_blocks, x_rest) = x.as_chunks::<LANES>();
        let factor = f32x8::splat(scale);
        for (y, x) in y_blocks.iter_mut().zip(x_blocks) {
            *y = (factor * load(x)).to_array();
        }
        Scalar::scale_into(y_rest, scale, x_rest);
    }

    fn interpolate_into(y: &mut [f32], x: &[f32], z: &[f32], scale: f32) {
        let (y_blocks, y_rest) = y.as_chunks_mut::<LANES>();
        let (x_blocks, x_rest) = x.as_chunks::<LANES>();
        let (z_blocks, z_rest) = z.as_chunks::<LANES>();
        let factor = f32x8::splat(scale);
        for ((y, x), z) in y_blocks.iter_mut().zip(x_blocks).zip(z_blocks) {
            let x = load(x);
            *y = (x + factor * (load(z) - x)).to_array();
        }
        Scalar::interpolate_into(y_rest, x_rest, z_rest, scale);
    }

    fn displace(theta: &mut [f32], displaced: &mut [f32], gradient: &[f32], rate: f32, reach: f32) {
        let (theta_blocks, theta_rest) = theta.as_chunks_mut::<LANES>();
        let (displaced_blocks, displaced_rest) = displaced.as_chunks_mut::<LANES>();
        let (gradient_blocks, gradient_rest) = gradient.as_chunks::<LANES>();
        let (rates, reaches) = (f32x8::splat(rate), f32x8::splat(reach));
        for ((theta, displaced), gradient) in
            theta_blocks.iter_mut().zip(displaced_blocks).zip(gradient_blocks)
        {
            let slope = load(gradient);
            let new = load(theta) - rates * slope;
            *theta = new.to_array();
            *displaced = (new - reaches * slope).to_array();
        }
        Scalar::displace(theta_rest, displaced_rest, gradient_rest, rate, reach);
    }

    fn gauss_newton_move(theta: &mut [f32], displaced: &[f32], gradient: &mut [f32], scale: f32) {
        let (theta_blocks, theta_rest) = theta.as_chunks_mut::<LANES>();
        let (displaced_blocks, displaced_rest) = displaced.as_chunks::<LANES>();
        let (gradient_blocks, gradient_rest) = gradient.as_chunks_mut::<LANES>();
        let factor = f32x8::splat(scale);
        for ((theta, displaced), gradient) in
            theta_blocks.iter_mut().zip(displaced_blocks).zip(gradient_blocks)
        {
            let old = load(theta);
            let direction = (load(displaced) - old) - factor * load(gradient);
            *gradient = direction.to_array();
            *theta = (old + direction).to_array();
        }
        Scalar::gauss_newton_move(theta_rest, displaced_rest, gradient_rest, scale);
    }

    fn project(theta: &mut [f32], displaced: &[f32], gradient: &mut [f32], step: f32, pull: f32) {
        let (theta_blocks, theta_rest) = theta.as_chunks_mut::<LANES>();
        let (displaced_blocks, displaced_rest) = displaced.as_chunks::<LANES>();
        let (gradient_blocks, gradient_rest) = gradient.as_chunks_mut::<LANES>();
        let (steps, pulls) = (f32x8::splat(step), f32x8::splat(pull));
        for ((theta, displaced), gradient) in
            theta_blocks.iter_mut().zip(displaced_blocks).zip(gradient_blocks)
        {
            let old = load(theta);
            let new = old - steps * ((old - load(displaced)) + pulls * load(gradient));
            *gradient = old.to_array();
            *theta = new.to_array();
        }
        Scalar::project(theta_rest, displaced_rest, gradient_rest, step, pull);
    }

    fn roll(
        theta: &mut [f32],
        offset: &mut [f32],
        gradient: &mut [f32],
        rate: f32,
        reach: f32,
    ) -> f32 {
        let (theta_blocks, theta_rest) = theta.as_chunks_mut::<LANES>();
        let (offset_blocks, offset_rest) = offset.as_chunks_mut::<LANES>();
        let (gradient_blocks, gradient_rest) = gradient.as_chunks_mut::<LANES>();
        let (rates, reaches) = (f32x8::splat(rate), f32x8::splat(reach));
        let mut moves = ZERO;
        for ((theta, offset), gradient) in
            theta_blocks.iter_mut().zip(offset_blocks).zip(gradient_blocks)
        {
            let (old, slope) = (load(theta), load(gradient));
            let centre = (old - load(offset)) - rates * slope;
            let reached = reaches * slope;
            *offset = reached.to_array();
            replace(&mut moves, theta, gradient, old, centre + reached);
        }
        let mut lanes = moves.to_array();
        roll_block(&mut lanes, theta_rest, offset_rest, gradient_rest, rate, reach);
        sum_lanes(lanes)
    }

    fn descend(theta: &mut [f32], gradient: &mut [f32], rate: f32) {
        let (theta_blocks, theta_rest) = theta.as_chunks_mut::<LANES>();
        let (gradient_blocks, gradient_rest) = gradient.as_chunks_mut::<LANES>();
        let rates = f32x8::splat(rate);
        for (theta, gradient) in theta_blocks.iter_mut().zip(gradient_blocks) {
            let old = load(theta);
            *theta = (old - rates * load(gradient)).to_array();
            *gradient = old.to_array();
        }
        Scalar::descend(theta_rest, gradient_rest, rate);
    }

    fn descend_with_momentum(
        theta: &mut [f32],
        velocity: &mut [f32],
        gradient: &mut [f32],
        rate: f32,
        momentum: f32,
        nesterov: bool,
    ) -> f32 {
        let (theta_blocks, theta_rest) = theta.as_chunks_mut::<LANES>();
        let (velocity_blocks, velocity_rest) = velocity.as_chunks_mut::<LANES>();
        let (gradient_blocks, gradient_rest) = gradient.as_chunks_mut::<LANES>();
        let (rates, factor) = (f32x8::splat(rate), f32x8::splat(momentum));
        let mut moves = ZERO;
        for ((theta, velocity), gradient) in
            theta_blocks.iter_mut().zip(velocity_blocks).zip(gradient_blocks)
        {
            let (old, slope) = (load(theta), load(gradient));
            let speed = factor * load(velocity) + slope;
            let direction = if nesterov { slope + factor * speed } else { speed };
            *velocity = speed.to_array();
            replace(&mut moves, theta, gradient, old, old - rates * direction);
        }
        let mut lanes = moves.to_array();
        let settings = (rate, momentum, nesterov);
        momentum_block(&mut lanes, theta_rest, velocity_rest, gradient_rest, settings);
        sum_lanes(lanes)
    }

    fn adam(
        theta: &mut [f32],
        mean: &mut [f32],
        variance: &mut [f32],
        gradient: &mut [f32],
        coefficients: AdamCoefficients,
    ) -> f32 {
        let (theta_blocks, theta_rest) = theta.as_chunks_mut::<LANES>();
        let (mean_blocks, mean_rest) = mean.as_chunks_mut::<LANES>();
        let (variance_blocks, variance_rest) = variance.as_chunks_mut::<LANES>();
        let (gradient_blocks, gradient_rest) = gradient.as_chunks_mut::<LANES>();
        let c = coefficients;
        let (beta1, beta2) = (f32x8::splat(c.beta1), f32x8::splat(c.beta2));
        let (rest1, rest2) = (f32x8::splat(1.0 - c.beta1), f32x8::splat(1.0 - c.beta2));
        let (rate, correction) = (f32x8::splat(c.rate), f32x8::splat(c.second_correction));
        let (epsilon, decay) = (f32x8::splat(c.epsilon), f32x8::splat(c.decay));
        let mut moves = ZERO;
        for (((theta, mean), variance), gradient) in
            theta_blocks.iter_mut().zip(mean_blocks).zip(variance_blocks).zip(gradient_blocks)
        {
            let (old, slope) = (load(theta), load(gradient));
            let first = beta1 * load(mean) + rest1 * slope;
            let second = beta2 * load(variance) + rest2 * (slope * slope);
            *mean = first.to_array();
            *variance = second.to_array();
            let root = (second * correction).sqrt() + epsilon;
            let new = (old - decay * old) - (rate * first) / root;
            replace(&mut moves, theta, gradient, old, new);
        }
        let mut lanes = moves.to_array();
        adam_block(&mut lanes, theta_rest, mean_rest, variance_rest, gradient_rest, c);
        sum_lanes(lanes)
    }

    fn perturb(theta: &mut [f32], kept: &mut [f32], gradient: &[f32], scale: f32) {
        let (theta_blocks, theta_rest) = theta.as_chunks_mut::<LANES>();
        let (kept_blocks, kept_rest) = kept.as_chunks_mut::<LANES>();
        let (gradient_blocks, gradient_rest) = gradient.as_chunks::<LANES>();
        let factor = f32x8::splat(scale);
        for ((theta, kept), gradient) in
            theta_blocks.iter_mut().zip(kept_blocks).zip(gradient_blocks)
        {
            let old = load(theta);
            *kept = old.to_array();
            *theta = (old + factor * load(gradient)).to_array();
        }
        Scalar::perturb(theta_rest, kept_rest, gradient_rest, scale);
    }

    fn descend_from(theta: &mut [f32], kept: &[f32], gradient: &[f32], rate: f32) {
        let (theta_blocks, theta_rest) = theta.as_chunks_mut::<LANES>();
        let (kept_blocks, kept_rest) = kept.as_chunks::<LANES>();
        let (gradient_blocks, gradient_rest) = gradient.as_chunks::<LANES>();
        let rates = f32x8::splat(rate);
        for ((theta, kept), gradient) in
            theta_blocks.iter_mut().zip(kept_blocks).zip(gradient_blocks)
        {
            *theta = (load(kept) - rates * load(gradient)).to_array();
        }
        Scalar::descend_from(theta_rest, kept_rest, gradient_rest, rate);
    }
}
