//! Passes of which no element needs another, over whole slices or pieces of them. The slices are
//! arguments, so that the compiler knows that they do not overlap.

#[inline]
pub fn add_scaled(y: &mut [f32], scale: f32, x: &[f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += scale * x;
    }
}

#[inline]
pub fn scale_into(y: &mut [f32], scale: f32, x: &[f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = scale * x;
    }
}

#[inline]
pub fn interpolate_into(y: &mut [f32], x: &[f32], z: &[f32], scale: f32) {
    for ((y, x), z) in y.iter_mut().zip(x).zip(z) {
        *y = x + scale * (z - x);
    }
}

#[inline]
pub fn rescale_move(theta: &mut [f32], start: &[f32], scale: f32) {
    for (theta, start) in theta.iter_mut().zip(start) {
        *theta = start + scale * (*theta - start);
    }
}

#[inline]
pub fn repeat_move(theta: &mut [f32], before: &mut [f32], scale: f32) {
    for (theta, before) in theta.iter_mut().zip(before) {
        let new = *theta + scale * (*theta - *before);
        *before = *theta;
        *theta = new;
    }
}

#[inline]
pub fn displace(
    theta: &mut [f32],
    displaced: &mut [f32],
    gradient: &mut [f32],
    rate: f32,
    reach: f32,
) {
    for ((theta, displaced), gradient) in theta.iter_mut().zip(displaced).zip(gradient) {
        let new = *theta - rate * *gradient;
        *displaced = new - reach * *gradient;
        *gradient = *theta;
        *theta = new;
    }
}

#[inline]
pub fn gauss_newton_move(theta: &mut [f32], displaced: &[f32], gradient: &mut [f32], scale: f32) {
    for ((theta, displaced), gradient) in theta.iter_mut().zip(displaced).zip(gradient) {
        let new = *theta + ((displaced - *theta) - scale * *gradient);
        *gradient = *theta;
        *theta = new;
    }
}

#[inline]
pub fn project(theta: &mut [f32], displaced: &[f32], gradient: &mut [f32], step: f32, pull: f32) {
    for ((theta, displaced), gradient) in theta.iter_mut().zip(displaced).zip(gradient) {
        let new = *theta - step * ((*theta - displaced) + pull * *gradient);
        *gradient = *theta;
        *theta = new;
    }
}

#[inline]
pub fn perturb(theta: &mut [f32], kept: &mut [f32], gradient: &[f32], scale: f32) {
    for ((theta, kept), gradient) in theta.iter_mut().zip(kept).zip(gradient) {
        *kept = *theta;
        *theta += scale * gradient;
    }
}

#[inline]
pub fn descend_from(theta: &mut [f32], kept: &[f32], gradient: &[f32], rate: f32) {
    for ((theta, kept), gradient) in theta.iter_mut().zip(kept).zip(gradient) {
        *theta = kept - rate * gradient;
    }
}
