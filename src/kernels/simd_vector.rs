//! The vectors that a task computes with.

use super::LANES;
use core::ops::{Add, Div, Mul, Sub};

/// A vector of [`LANES`] lanes. Every operation is one IEEE-754 operation in each lane.
pub trait SimdVector:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// A vector that has the same value in every lane.
    fn splat(value: f32) -> Self;

    /// Loads a vector from memory.
    fn load(block: &[f32; LANES]) -> Self;

    /// Stores the vector to memory.
    fn store(self) -> [f32; LANES];

    /// Takes the square root in every lane.
    fn sqrt(self) -> Self;

    /// Clears the sign in every lane.
    fn abs(self) -> Self;
}
