//! What a kernel computes with: eight lanes at once, or one.

use super::LANES;
use core::ops::{Add, Div, Mul, Sub};

/// Numbers on which every operation is one IEEE-754 operation a lane.
pub trait Vector:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// The same value in every lane.
    fn splat(value: f32) -> Self;

    /// The square root of every lane.
    fn sqrt(self) -> Self;
}

/// A vector of [`LANES`] lanes.
pub trait Lanes: Vector {
    /// From memory.
    fn load(block: &[f32; LANES]) -> Self;

    /// To memory.
    fn store(self) -> [f32; LANES];
}

/// One lane: what is left over after the last whole block.
impl Vector for f32 {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        value
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        libm::sqrtf(self)
    }
}

/// Lanes as the compiler finds registers for them: on whatever vector unit a function is compiled for, and on none.
#[derive(Clone, Copy, Debug)]
pub struct Array<const N: usize>(pub [f32; N]);

impl<const N: usize> Vector for Array<N> {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; N])
    }

    #[cfg(feature = "simd")]
    #[inline(always)]
    fn sqrt(mut self) -> Self {
        let (blocks, rest) = self.0.as_chunks_mut::<LANES>();
        for block in blocks {
            *block = wide::f32x8::new(*block).sqrt().to_array();
        }
        for lane in rest {
            *lane = libm::sqrtf(*lane);
        }
        self
    }

    #[cfg(not(feature = "simd"))]
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(libm::sqrtf))
    }
}

impl Lanes for Array<LANES> {
    #[inline(always)]
    fn load(block: &[f32; LANES]) -> Self {
        Self(*block)
    }

    #[inline(always)]
    fn store(self) -> [f32; LANES] {
        self.0
    }
}

macro_rules! lane_by_lane {
    ($($trait:ident :: $function:ident),*) => {$(
        impl<const N: usize> $trait for Array<N> {
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

/// The vectors of the target that the crate is compiled for.
#[cfg(feature = "simd")]
impl Vector for wide::f32x8 {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self::splat(value)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }
}

#[cfg(feature = "simd")]
impl Lanes for wide::f32x8 {
    #[inline(always)]
    fn load(block: &[f32; LANES]) -> Self {
        Self::new(*block)
    }

    #[inline(always)]
    fn store(self) -> [f32; LANES] {
        self.to_array()
    }
}
