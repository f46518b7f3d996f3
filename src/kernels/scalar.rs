//! The reference: plain loops that define every result, and what a core without a vector unit runs.
//!
//! Each pass is a loop over blocks of [`LANES`] elements and one shorter block for the rest, so that a
//! reduction has one accumulator a lane and the compiler sees the length of all blocks but the last.

use super::{AdamCoefficients, ContactSums, FootpointSums, Kernels, LANES, sum_lanes};

/// Plain Rust loops; the definition of every kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scalar;

/// `a . b` with `L` lanes instead of [`LANES`]: what the choice of `LANES` was measured with.
#[inline]
#[must_use]
pub fn dot_with_lanes<const L: usize>(a: &[f32], b: &[f32]) -> f32 {
    let (a_blocks, a_rest) = a.as_chunks::<L>();
    let (b_blocks, b_rest) = b.as_chunks::<L>();
    let mut lanes = [0.0; L];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        accumulate(&mut lanes, a, b);
    }
    accumulate(&mut lanes, a_rest, b_rest);
    sum_lanes(lanes)
}

/// `(x . x, y . z)` in one pass, which is in a binary once whatever it is called with.
#[inline(never)]
fn square_and_dot(x: &[f32], y: &[f32], z: &[f32]) -> (f32, f32) {
    let (x_blocks, x_rest) = x.as_chunks::<LANES>();
    let (y_blocks, y_rest) = y.as_chunks::<LANES>();
    let (z_blocks, z_rest) = z.as_chunks::<LANES>();
    let (mut squares, mut products) = ([0.0; LANES], [0.0; LANES]);
    for ((x, y), z) in x_blocks.iter().zip(y_blocks).zip(z_blocks) {
        accumulate(&mut squares, x, x);
        accumulate(&mut products, y, z);
    }
    accumulate(&mut squares, x_rest, x_rest);
    accumulate(&mut products, y_rest, z_rest);
    (sum_lanes(squares), sum_lanes(products))
}

/// Adds the products of one block, one to a lane.
#[inline(always)]
pub(super) fn accumulate<const L: usize>(lanes: &mut [f32; L], a: &[f32], b: &[f32]) {
    for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
        *lane += a * b;
    }
}

/// The lanes of [`FootpointSums`].
#[derive(Default)]
pub(super) struct FootpointLanes {
    pub distance: [f32; LANES],
    pub along: [f32; LANES],
    pub gradient: [f32; LANES],
}

impl FootpointLanes {
    #[inline(always)]
    pub fn accumulate(&mut self, theta: &[f32], displaced: &[f32], gradient: &[f32]) {
        let mut d = [0.0; LANES];
        for ((d, displaced), theta) in d.iter_mut().zip(displaced).zip(theta) {
            *d = displaced - theta;
        }
        accumulate(&mut self.distance, &d, &d);
        accumulate(&mut self.along, gradient, &d);
        accumulate(&mut self.gradient, gradient, gradient);
    }

    #[inline(always)]
    pub fn sum(self) -> FootpointSums {
        FootpointSums {
            distance: sum_lanes(self.distance),
            along: sum_lanes(self.along),
            gradient: sum_lanes(self.gradient),
        }
    }
}

/// Puts the new theta in place, leaves the old one in `gradient` and adds the square of the move to the lane.
#[inline(always)]
fn replace(lane: &mut f32, theta: &mut f32, gradient: &mut f32, new: f32) {
    let moved = new - *theta;
    *lane += moved * moved;
    *gradient = *theta;
    *theta = new;
}

#[inline(always)]
pub(super) fn roll_block(
    lanes: &mut [f32; LANES],
    theta: &mut [f32],
    offset: &mut [f32],
    gradient: &mut [f32],
    rate: f32,
    reach: f32,
) {
    for (((lane, theta), offset), gradient) in lanes.iter_mut().zip(theta).zip(offset).zip(gradient)
    {
        let centre = (*theta - *offset) - rate * *gradient;
        *offset = reach * *gradient;
        replace(lane, theta, gradient, centre + *offset);
    }
}

#[inline(always)]
pub(super) fn momentum_block(
    lanes: &mut [f32; LANES],
    theta: &mut [f32],
    velocity: &mut [f32],
    gradient: &mut [f32],
    (rate, momentum, nesterov): (f32, f32, bool),
) {
    for (((lane, theta), velocity), gradient) in
        lanes.iter_mut().zip(theta).zip(velocity).zip(gradient)
    {
        *velocity = momentum * *velocity + *gradient;
        let direction = if nesterov { *gradient + momentum * *velocity } else { *velocity };
        let new = *theta - rate * direction;
        replace(lane, theta, gradient, new);
    }
}

#[inline(always)]
pub(super) fn adam_block(
    lanes: &mut [f32; LANES],
    theta: &mut [f32],
    mean: &mut [f32],
    variance: &mut [f32],
    gradient: &mut [f32],
    c: AdamCoefficients,
) {
    for ((((lane, theta), mean), variance), gradient) in
        lanes.iter_mut().zip(theta).zip(mean).zip(variance).zip(gradient)
    {
        *mean = c.beta1 * *mean + (1.0 - c.beta1) * *gradient;
        *variance = c.beta2 * *variance + (1.0 - c.beta2) * (*gradient * *gradient);
        let root = libm::sqrtf(*variance * c.second_correction) + c.epsilon;
        let new = (*theta - c.decay * *theta) - (c.rate * *mean) / root;
        replace(lane, theta, gradient, new);
    }
}

impl Kernels for Scalar {
    #[inline]
    fn dot(a: &[f32], b: &[f32]) -> f32 {
        dot_with_lanes::<LANES>(a, b)
    }

    fn squared_norms(a: &[f32], b: &[f32]) -> (f32, f32) {
        square_and_dot(a, b, b)
    }

    fn footpoint_sums(theta: &[f32], displaced: &[f32], gradient: &[f32]) -> FootpointSums {
        let (theta_blocks, theta_rest) = theta.as_chunks::<LANES>();
        let (displaced_blocks, displaced_rest) = displaced.as_chunks::<LANES>();
        let (gradient_blocks, gradient_rest) = gradient.as_chunks::<LANES>();
        let mut lanes = FootpointLanes::default();
        for ((theta, displaced), gradient) in
            theta_blocks.iter().zip(displaced_blocks).zip(gradient_blocks)
        {
            lanes.accumulate(theta, displaced, gradient);
        }
        lanes.accumulate(theta_rest, displaced_rest, gradient_rest);
        lanes.sum()
    }

    /// Two passes: the sums of one are as many as a Cortex-M4F's registers hold.
    fn contact_sums(theta: &[f32], offset: &[f32], gradient: &[f32]) -> ContactSums {
        let (theta, squared) = square_and_dot(theta, gradient, gradient);
        let (offset, along) = square_and_dot(offset, gradient, offset);
        ContactSums { theta, gradient: squared, offset, along }
    }

    #[inline]
    fn add_scaled(y: &mut [f32], scale: f32, x: &[f32]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y += scale * x;
        }
    }

    fn scale_into(y: &mut [f32], scale: f32, x: &[f32]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = scale * x;
        }
    }

    fn interpolate_into(y: &mut [f32], x: &[f32], z: &[f32], scale: f32) {
        for ((y, x), z) in y.iter_mut().zip(x).zip(z) {
            *y = x + scale * (z - x);
        }
    }

    fn displace(theta: &mut [f32], displaced: &mut [f32], gradient: &[f32], rate: f32, reach: f32) {
        for ((theta, displaced), gradient) in theta.iter_mut().zip(displaced).zip(gradient) {
            *theta -= rate * gradient;
            *displaced = *theta - reach * gradient;
        }
    }

    fn gauss_newton_move(theta: &mut [f32], displaced: &[f32], gradient: &mut [f32], scale: f32) {
        for ((theta, displaced), gradient) in theta.iter_mut().zip(displaced).zip(gradient) {
            *gradient = (displaced - *theta) - scale * *gradient;
            *theta += *gradient;
        }
    }

    fn project(theta: &mut [f32], displaced: &[f32], gradient: &mut [f32], step: f32, pull: f32) {
        for ((theta, displaced), gradient) in theta.iter_mut().zip(displaced).zip(gradient) {
            let new = *theta - step * ((*theta - displaced) + pull * *gradient);
            *gradient = *theta;
            *theta = new;
        }
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
        let mut lanes = [0.0; LANES];
        for ((theta, offset), gradient) in
            theta_blocks.iter_mut().zip(offset_blocks).zip(gradient_blocks)
        {
            roll_block(&mut lanes, theta, offset, gradient, rate, reach);
        }
        roll_block(&mut lanes, theta_rest, offset_rest, gradient_rest, rate, reach);
        sum_lanes(lanes)
    }

    fn descend(theta: &mut [f32], gradient: &mut [f32], rate: f32) {
        for (theta, gradient) in theta.iter_mut().zip(gradient) {
            let new = *theta - rate * *gradient;
            *gradient = *theta;
            *theta = new;
        }
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
        let mut lanes = [0.0; LANES];
        let settings = (rate, momentum, nesterov);
        for ((theta, velocity), gradient) in
            theta_blocks.iter_mut().zip(velocity_blocks).zip(gradient_blocks)
        {
            momentum_block(&mut lanes, theta, velocity, gradient, settings);
        }
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
        let mut lanes = [0.0; LANES];
        for (((theta, mean), variance), gradient) in
            theta_blocks.iter_mut().zip(mean_blocks).zip(variance_blocks).zip(gradient_blocks)
        {
            adam_block(&mut lanes, theta, mean, variance, gradient, coefficients);
        }
        adam_block(&mut lanes, theta_rest, mean_rest, variance_rest, gradient_rest, coefficients);
        sum_lanes(lanes)
    }

    fn perturb(theta: &mut [f32], kept: &mut [f32], gradient: &[f32], scale: f32) {
        for ((theta, kept), gradient) in theta.iter_mut().zip(kept).zip(gradient) {
            *kept = *theta;
            *theta += scale * gradient;
        }
    }

    fn descend_from(theta: &mut [f32], kept: &[f32], gradient: &[f32], rate: f32) {
        for ((theta, kept), gradient) in theta.iter_mut().zip(kept).zip(gradient) {
            *theta = kept - rate * gradient;
        }
    }
}
