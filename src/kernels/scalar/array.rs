//! A vector of eight lanes for cores without a vector unit.

use super::by_block;
use crate::kernels::{LANES, SimdVector};
use core::ops::{Add, Div, Mul, Sub};

/// Eight numbers, which are computed one after the other.
#[derive(Clone, Copy)]
pub struct Array([f32; LANES]);

impl SimdVector for Array {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    #[inline(always)]
    fn load(block: &[f32; LANES]) -> Self {
        Self(*block)
    }

    #[inline(always)]
    fn store(self) -> [f32; LANES] {
        self.0
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(by_block::sqrt))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.map(f32::abs))
    }
}

macro_rules! lane_by_lane {
    ($($trait:ident::$function:ident),*) => {$(
        impl $trait for Array {
            type Output = Self;

            #[inline(always)]
            fn $function(mut self, other: Self) -> Self {
                for (a, b) in self.0.iter_mut().zip(other.0) {
                    *a = $trait::$function(*a, b);
                }
                self
            }
        }
    )*};
}

lane_by_lane!(Add::add, Sub::sub, Mul::mul, Div::div);
