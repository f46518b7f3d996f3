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
mod tests;
