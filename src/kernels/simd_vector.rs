//! What a task computes with.

use super::LANES;
use core::ops::{Add, Div, Mul, Sub};

/// A vector of [`LANES`] lanes. Every operation is one IEEE-754 operation a lane.
pub trait SimdVector:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// The same value in every lane.
    fn splat(value: f32) -> Self;

    /// From memory.
    fn load(block: &[f32; LANES]) -> Self;

    /// To memory.
    fn store(self) -> [f32; LANES];

    /// The square root of every lane.
    fn sqrt(self) -> Self;
}
