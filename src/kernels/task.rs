//! Work that is compiled for more than one vector unit.

use super::SimdVector;

/// A piece of work that is written once and compiled for every vector unit.
pub trait Task {
    /// The type of the result.
    type Output;

    /// Does the work on the unit `U`. It is always inlined, with everything that it calls, so that
    /// all of it is compiled for that unit.
    fn run<U: Unit>(self) -> Self::Output;
}

/// A vector unit, or the lack of one, that a task is compiled for.
pub trait Unit {
    /// The unit's vector of eight lanes.
    type SimdVector: SimdVector;
    /// How many samples, or how many vectors of columns, the registers hold in a product of four
    /// rows; 0 without a vector unit.
    const TILE: usize;

    /// `a . b`
    fn dot(a: &[f32], b: &[f32]) -> f32;

    /// `y += scale * x`
    fn add_scaled(y: &mut [f32], scale: f32, x: &[f32]);

    /// Whether [`four_rows`](Self::four_rows) is the unit's own. Else the compiler's is faster that
    /// has no zero to take off.
    const MULTIPLIES_BYTES: bool = false;

    /// Adds the products of four rows of bytes with the values, each less the zero, to the sums;
    /// see [`bytes`](super::bytes). All are equally long.
    #[inline(always)]
    #[must_use]
    fn four_rows(sums: [i32; 4], rows: [&[i8]; 4], values: &[i8], zero: i8) -> [i32; 4] {
        super::bytes::four_rows(sums, rows, values, i32::from(zero))
    }

    /// Lets other duties have the core, where the kernels are [`Pausing`](super::Pausing). A task
    /// calls it between pieces of its work.
    #[inline(always)]
    fn pause() {}
}
