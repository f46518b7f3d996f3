//! Directions that a seed and a number decide, with the same bits everywhere: integers, until each
//! component becomes a float.
//!
//! So many directions in a row as the next power of two above the number of parameters are a basis
//! where that is a power of two, and else the rows of one, cut to length. They are the rows of a
//! Walsh-Hadamard matrix, whose columns have random signs, seen in a random mirror (a Householder
//! reflection). The signs alone would do in many dimensions. In two they are the diagonals, step
//! after step; the mirror turns them anywhere.

use crate::kernels::{Kernels, PANEL, Task, Unit};
use crate::random::mixed;

/// A direction. Each component is computed when it is needed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Direction {
    /// The hash that the signs and the mirror of its basis are made of.
    key: [u32; 2],
    /// The row of the matrix that the direction is made of.
    row: u32,
    /// Twice the product of the row with the mirror's normal, over the square of that.
    tilt: f32,
}

/// What a component is made of: the row's, with its sign, and the normal's.
struct Parts {
    sign: i32,
    normal: i32,
}

impl Direction {
    /// The direction of this index among those of a seed.
    pub fn new<K: Kernels>(seed: u32, index: u32, parameters: usize) -> Self {
        let rows = parameters.checked_next_power_of_two().map_or(31, usize::trailing_zeros).min(31);
        let key = mixed(mixed(seed.into()) ^ u64::from(index.wrapping_shr(rows)));
        let row = index & 1_u32.wrapping_shl(rows).wrapping_sub(1);
        let untilted = Self { key: [key as u32, (key >> 32) as u32], row, tilt: 0.0 };
        let Products { row_by_normal, normal_squared } = K::run(Mirror { untilted, parameters });
        // A component of the normal is at most 255, and never 0: the sums are far from an overflow.
        let tilt = row_by_normal.wrapping_mul(2) as f32 / normal_squared as f32;
        Self { tilt, ..untilted }
    }

    #[inline(always)]
    fn parts(self, index: usize) -> Parts {
        let [low, high] = self.key;
        let index = index as u32;
        // Two rounds of a mixer of 32 bits (lowbias32), which every core multiplies at once.
        let bits = index ^ low;
        let bits = (bits ^ (bits >> 16)).wrapping_mul(0x7feb_352d) ^ high;
        let bits = (bits ^ (bits >> 15)).wrapping_mul(0x846c_a68b);
        let bits = bits ^ (bits >> 16);
        let negative = ((bits >> 31) ^ (self.row & index).count_ones()) & 1;
        let byte = (bits & 0xff) as i32;
        Parts {
            sign: 1_i32.wrapping_sub(negative.wrapping_mul(2) as i32),
            normal: byte.wrapping_mul(2).wrapping_sub(255),
        }
    }

    /// A component, of a direction whose length is the root of the number of parameters.
    #[inline(always)]
    pub fn component(self, index: usize) -> f32 {
        let Parts { sign, normal } = self.parts(index);
        sign as f32 - self.tilt * normal as f32
    }
}

/// What the mirror needs: integers, so that they are the same in every order.
struct Products {
    row_by_normal: i64,
    normal_squared: i64,
}

struct Mirror {
    untilted: Direction,
    parameters: usize,
}

impl Task for Mirror {
    type Output = Products;

    #[inline(always)]
    fn run<U: Unit>(self) -> Products {
        let mut products = Products { row_by_normal: 0, normal_squared: 0 };
        let mut start = 0_usize;
        while start < self.parameters {
            let end = start.saturating_add(PANEL).min(self.parameters);
            // A panel's sums fit into 32 bits.
            let (mut product, mut squared) = (0_i32, 0_i32);
            for index in start..end {
                let Parts { sign, normal } = self.untilted.parts(index);
                product = product.wrapping_add(sign.wrapping_mul(normal));
                squared = squared.wrapping_add(normal.wrapping_mul(normal));
            }
            products.row_by_normal = products.row_by_normal.wrapping_add(product.into());
            products.normal_squared = products.normal_squared.wrapping_add(squared.into());
            start = end;
            U::pause();
        }
        products
    }
}

#[cfg(test)]
mod tests;
