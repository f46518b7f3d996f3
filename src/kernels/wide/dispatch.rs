//! The choice of the vector unit that a task runs on. This is the one place of the kernels that
//! needs `unsafe`: a function that is compiled for more instructions than the target has may only
//! be called where the processor has them.
#![allow(unsafe_code)]

use super::formulas;
use super::pass::Sweep;
#[cfg(target_arch = "x86_64")]
use crate::kernels::SimdVector;
use crate::kernels::{LANES, Task, Unit};
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::*;
#[cfg(target_arch = "x86_64")]
use core::ops::{Add, Div, Mul, Sub};
use core::sync::atomic::{AtomicU8, Ordering};
use wide::f32x8;

/// The set of instructions that [`Wide`](super::Wide) uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The instructions of the target that the crate is compiled for: SSE2 on x86-64, NEON on
    /// AArch64.
    Baseline,
    /// AVX2, on x86-64.
    Avx2,
    /// The parts F, VL, BW and DQ of AVX-512, on x86-64.
    Avx512,
}

impl Level {
    /// All sets of instructions, with the widest last.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::Avx2, Self::Avx512];

    /// The widest set that this processor and its operating system support.
    #[must_use]
    pub fn available() -> Self {
        #[cfg(target_arch = "x86_64")]
        if has_avx512::get() {
            return Self::Avx512;
        } else if has_avx2::get() {
            return Self::Avx2;
        }
        Self::Baseline
    }

    /// The set that is in use now.
    #[must_use]
    pub fn in_use() -> Self {
        let limit = LIMIT.load(Ordering::Relaxed);
        let allowed = if limit == 0 {
            Self::Baseline
        } else if limit == 1 {
            Self::Avx2
        } else {
            Self::Avx512
        };
        Self::available().min(allowed)
    }

    /// Limits the whole program to this set from now on, to measure or to test what it would do on
    /// another processor. The choice changes no bit of any result.
    pub fn limit(self) {
        LIMIT.store(self as u8, Ordering::Relaxed);
    }
}

static LIMIT: AtomicU8 = AtomicU8::new(Level::Avx512 as u8);

#[cfg(target_arch = "x86_64")]
cpufeatures::new!(has_avx2, "avx2");
#[cfg(target_arch = "x86_64")]
cpufeatures::new!(has_avx512, "avx512f", "avx512vl", "avx512bw", "avx512dq");

/// Runs a task on the widest vector unit that exists and is allowed.
#[inline(always)]
pub(super) fn run<T: Task>(task: T) -> T::Output {
    match Level::in_use() {
        // SAFETY: `in_use` only answers so where `cpufeatures` has found that the processor has
        // these instructions and that the operating system saves their registers.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512(task) },
        // SAFETY: the reason is the same as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2(task) },
        _ => baseline(task),
    }
}

macro_rules! unit {
    ($name:ident, $vector:ident, $tile:literal) => {
        struct $name;

        impl Unit for $name {
            type SimdVector = $vector;
            const TILE: usize = $tile;

            #[inline(always)]
            fn dot(a: &[f32], b: &[f32]) -> f32 {
                let [sum] = Sweep { pass: formulas::Dot, written: [], read: [a, b] }.run::<Self>();
                sum
            }

            #[inline(always)]
            fn add_scaled(y: &mut [f32], scale: f32, x: &[f32]) {
                // The runs of a convolution's window are often this short.
                if x.len() < LANES {
                    for (y, x) in y.iter_mut().zip(x) {
                        *y += scale * x;
                    }
                    return;
                }
                let pass = formulas::AddScaled { scale };
                let [] = Sweep { pass, written: [y], read: [x] }.run::<Self>();
            }
        }
    };
}

unit!(Baseline, f32x8, 1);

fn baseline<T: Task>(task: T) -> T::Output {
    task.run::<Baseline>()
}

#[cfg(target_arch = "x86_64")]
unit!(Avx2, Avx, 2);

// Tasks and what they call are always inlined, so that all of it is compiled for the same
// instructions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<T: Task>(task: T) -> T::Output {
    task.run::<Avx2>()
}

#[cfg(target_arch = "x86_64")]
unit!(Avx512, Avx, 2);

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
fn avx512<T: Task>(task: T) -> T::Output {
    task.run::<Avx512>()
}

/// Eight lanes in one register. This is not an array, because the compiler might or might not keep
/// an array in a register.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Avx(__m256);

// SAFETY, of every block below: no other module knows this type, and the units that name it run
// only in `avx2` and `avx512`, where the processor has AVX.
#[cfg(target_arch = "x86_64")]
impl SimdVector for Avx {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self(unsafe { _mm256_set1_ps(value) })
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(unsafe { _mm256_sqrt_ps(self.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(unsafe { _mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0) })
    }

    #[inline(always)]
    fn load(block: &[f32; LANES]) -> Self {
        Self(unsafe { _mm256_loadu_ps(block.as_ptr()) })
    }

    #[inline(always)]
    fn store(self) -> [f32; LANES] {
        let mut block = [0.0; LANES];
        unsafe { _mm256_storeu_ps(block.as_mut_ptr(), self.0) };
        block
    }
}

#[cfg(target_arch = "x86_64")]
macro_rules! operations {
    ($($trait:ident::$function:ident by $instruction:ident),*) => {$(
        impl $trait for Avx {
            type Output = Self;

            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                Self(unsafe { $instruction(self.0, other.0) })
            }
        }
    )*};
}

#[cfg(target_arch = "x86_64")]
operations!(
    Add::add by _mm256_add_ps,
    Sub::sub by _mm256_sub_ps,
    Mul::mul by _mm256_mul_ps,
    Div::div by _mm256_div_ps
);
