//! The kernels as the compiler makes them for the target, which is what a microcontroller runs.

use super::vector::Eight;
use super::{ContactSums, Kernels, Task, Tile, Unit, formulas};

/// Kernels without vectors of their own: on any core, with whatever unit for floats the crate is compiled for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scalar;

/// Thirty-two registers for floats, or fewer.
struct Plain;

impl Unit for Plain {
    type Vector = Eight;
    const TILE: Tile = Tile::TwoByOne;
}

impl Kernels for Scalar {
    // In a binary once for each kind of task, however often it is called.
    #[inline(never)]
    fn run<T: Task>(task: T) -> T::Output {
        task.run::<Plain>()
    }

    /// Two passes: the sums of one are as many as a Cortex-M4F's registers hold.
    fn contact_sums(theta: &[f32], offset: &[f32], gradient: &[f32]) -> ContactSums {
        let pass = formulas::SquareAndDot;
        let [theta, squared] = Self::pass(&pass, [], [theta, gradient, gradient]);
        let [offset, along] = Self::pass(&pass, [], [offset, gradient, offset]);
        ContactSums { theta, gradient: squared, offset, along }
    }

    fn squared_norms(a: &[f32], b: &[f32]) -> (f32, f32) {
        // The pass that the contact needs too.
        let [a, b] = Self::pass(&formulas::SquareAndDot, [], [a, b, b]);
        (a, b)
    }
}
