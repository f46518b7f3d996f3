//! The vectors of the target that the crate is compiled for, provided by the crate `wide`.

use crate::kernels::{LANES, SimdVector};
use wide::f32x8;

impl SimdVector for f32x8 {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self::splat(value)
    }

    #[inline(always)]
    fn load(block: &[f32; LANES]) -> Self {
        Self::new(*block)
    }

    #[inline(always)]
    fn store(self) -> [f32; LANES] {
        self.to_array()
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.abs()
    }
}
