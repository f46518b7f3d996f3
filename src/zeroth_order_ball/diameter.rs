//! Theta on a diameter of the ball: at one end, at the other, and back to the bit.
//!
//! There is no second vector to keep theta in. It comes back all the same, since nothing is rounded
//! on the way: what is added is a multiple of `spacing`, and theta is first rounded to a multiple
//! of a power of two that each sum still holds. An element is rounded by half the distance between
//! floats at most, at `2.5 r` more than its size: where it is large beside the radius, not at all
//! in most steps.

use super::direction::Direction;
use crate::chunks::Chunked;
use crate::kernels::{Kernels, PANEL, Task, Unit};
use crate::math::sqrt;

/// The diameter of a step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Diameter {
    direction: Direction,
    /// The root of the number of parameters: how long a direction is.
    root: f32,
    /// What a component is multiplied by to be a move of one radius.
    per_radius: f32,
    pub radius: f32,
    /// A power of two; what is below its last place is rounded off a move.
    coarsest: f32,
}

impl Diameter {
    /// Theta's elements are at most as large as `largest`.
    pub fn new(direction: Direction, radius: f32, largest: f32, parameters: usize) -> Self {
        let root = sqrt(parameters as f32);
        Self {
            direction,
            root,
            per_radius: radius / root,
            radius,
            coarsest: power_of_two_below(largest + Self::reach(radius)),
        }
    }

    /// More than an element moves: its move is at most a radius, before it is rounded, and is not
    /// rounded to more than the double.
    pub fn reach(radius: f32) -> f32 {
        2.5 * radius
    }

    /// What is added to an element at the first end.
    #[inline(always)]
    fn half(self, component: f32) -> f32 {
        rounded(self.per_radius * component, self.coarsest)
    }

    /// From the middle to the first end. Theta in the middle is rounded before.
    pub fn go_to_first_end<K: Kernels>(self, theta: &mut [f32]) {
        let reach = Self::reach(self.radius);
        self.pass::<K>(theta, |t, component| {
            // A sum that comes back to zero has no sign, so a zero has none to begin with.
            let middle = rounded(t, power_of_two_below(t.abs() + reach)) + 0.0;
            middle + self.half(component)
        });
    }

    /// From the first end to the second.
    pub fn go_to_second_end<K: Kernels>(self, theta: &mut [f32]) {
        self.pass::<K>(theta, |t, component| {
            let half = self.half(component);
            (t - half) - half
        });
    }

    /// From the first end back to the middle.
    pub fn return_from_first_end<K: Kernels>(self, theta: &mut [f32]) {
        self.pass::<K>(theta, |t, component| t - self.half(component));
    }

    /// From the second end to the middle, and on by this length towards the first end.
    pub fn return_and_move<K: Kernels>(self, theta: &mut [f32], length: f32) {
        let scale = length / self.root;
        self.pass::<K>(theta, |t, component| (t + self.half(component)) + scale * component);
    }

    fn pass<K: Kernels>(self, theta: &mut [f32], element: impl Fn(f32, f32) -> f32) {
        K::run(Pass { theta, direction: self.direction, element });
    }
}

struct Pass<'a, F> {
    theta: &'a mut [f32],
    direction: Direction,
    /// What becomes of an element, by the direction's component.
    element: F,
}

impl<F: Fn(f32, f32) -> f32> Task for Pass<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self) {
        for (index, t) in (0..self.theta.len()).zip(self.theta) {
            *t = (self.element)(*t, self.direction.component(index));
            if index % PANEL == PANEL - 1 {
                U::pause();
            }
        }
    }
}

/// The largest of the absolute values; no number where one of them is none.
pub fn largest<K: Kernels>(theta: &[f32]) -> f32 {
    f32::from_bits(K::run(Largest(theta)))
}

struct Largest<'a>(&'a [f32]);

impl Task for Largest<'_> {
    type Output = u32;

    /// Numbers without a sign are in the order of their bits, and what is no number is behind them.
    #[inline(always)]
    fn run<U: Unit>(self) -> u32 {
        let mut largest = 0;
        for panel in self.0.chunks_up_to(PANEL) {
            largest = panel.iter().fold(largest, |largest, t| largest.max(t.abs().to_bits()));
            U::pause();
        }
        largest
    }
}

/// The largest power of two that is not above a value of 0 or above; 0 for a subnormal number,
/// beside which nothing has to be rounded.
#[inline(always)]
fn power_of_two_below(value: f32) -> f32 {
    f32::from_bits(value.to_bits() & 0x7f80_0000)
}

/// A value below twice this power of two, rounded to the distance of the floats from there up.
#[inline(always)]
fn rounded(value: f32, power: f32) -> f32 {
    let size = value.abs();
    if size < power { ((size + power) - power).copysign(value) } else { value }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::kernels::Scalar;
    use crate::random::mixed;
    use std::vec::Vec;

    /// A vector whose elements are of every size up to this one.
    fn of_every_size(seed: u64, length: usize, size: f32) -> Vec<f32> {
        let element = |index: u64| {
            let bits = mixed(seed.wrapping_mul(1 << 20) + index);
            let fraction = (bits >> 40) as f32 / (1_u64 << 24) as f32 - 0.5;
            let exponent = (bits & 31) as i32 - if bits & 0x100 == 0 { 31 } else { 60 };
            if bits & 0xe00 == 0 { 0.0 } else { size * fraction * 2.0_f32.powi(exponent) }
        };
        (0..length as u64).map(element).collect()
    }

    fn bits(theta: &[f32]) -> Vec<u32> {
        theta.iter().map(|t| t.to_bits()).collect()
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn theta_comes_back_to_the_bit_whatever_its_elements_and_the_radius_are() {
        for seed in 0..400 {
            for size in [1.0, 1e-3, 1e6, 1e-37, 1e17] {
                for radius in [2.0, 0.3, 1e-3, 1e-9, 1e9, 3e-39, 1e17] {
                    let parameters = 1 + (seed % 40) as usize;
                    let mut theta = of_every_size(seed, parameters, size);
                    let direction = Direction::new::<Scalar>(1, seed as u32, parameters);
                    let most = largest::<Scalar>(&theta);
                    let diameter = Diameter::new(direction, radius, most, parameters);
                    let before = theta.clone();
                    diameter.go_to_first_end::<Scalar>(&mut theta);
                    let first_end = bits(&theta);
                    diameter.return_from_first_end::<Scalar>(&mut theta);
                    let middle = bits(&theta);
                    for (t, before) in theta.iter().zip(&before) {
                        let apart = f64::from(*t) - f64::from(*before);
                        let size = f64::from(before.abs()) + f64::from(Diameter::reach(radius));
                        let half_place = size * 2.0_f64.powi(-24) * 1.001 + 2.0_f64.powi(-150);
                        assert!(apart.abs() <= half_place, "{before:e} to {t:e}");
                    }
                    for (t, component) in theta.iter_mut().zip(0..) {
                        *t += diameter.half(direction.component(component));
                    }
                    assert_eq!(bits(&theta), first_end, "{seed}, {size:e}, {radius:e}");
                    diameter.go_to_second_end::<Scalar>(&mut theta);
                    diameter.return_and_move::<Scalar>(&mut theta, 0.0);
                    assert_eq!(bits(&theta), middle, "{seed}, {size:e}, {radius:e}");
                }
            }
        }
    }

    #[test]
    fn the_largest_of_numbers_is_found_and_what_is_none_is_not_hidden() {
        assert_eq!(largest::<Scalar>(&[1.0, -3.0, 2.0]), 3.0);
        assert_eq!(largest::<Scalar>(&[]), 0.0);
        assert!(largest::<Scalar>(&[1.0, f32::NAN, f32::INFINITY]).is_nan());
        assert_eq!(largest::<Scalar>(&[1.0, f32::NEG_INFINITY]), f32::INFINITY);
    }
}
