//! Work that is compiled for more than one vector unit.

use super::SimdVector;

/// Work that is written once for every vector unit.
pub trait Task {
    /// What it gives.
    type Output;

    /// Does it. Always inlined, with all that it calls, so that it is compiled for the unit.
    fn run<U: Unit>(self) -> Self::Output;
}

/// What a task is compiled for.
pub trait Unit {
    /// Eight lanes.
    type SimdVector: SimdVector;
    /// How many samples, or vectors of columns, its registers hold in a product of four rows; 0
    /// without a vector unit.
    const TILE: usize;

    /// `a . b`
    fn dot(a: &[f32], b: &[f32]) -> f32;

    /// `y += scale * x`
    fn add_scaled(y: &mut [f32], scale: f32, x: &[f32]);
}
