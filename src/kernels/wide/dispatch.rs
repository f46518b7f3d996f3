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
    ($name:ident, $vector:ident, $tile:literal $(, $four_rows:path)?) => {
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

            $(
                const MULTIPLIES_BYTES: bool = true;

                #[inline(always)]
                fn four_rows(
                    sums: [i32; 4],
                    rows: [&[i8]; 4],
                    values: &[i8],
                    zero: i8,
                ) -> [i32; 4] {
                    // SAFETY: this unit runs only where the processor has AVX2, as above.
                    unsafe { $four_rows(sums, rows, values, zero) }
                }
            )?
        }
    };
}

unit!(Baseline, f32x8, 1);

fn baseline<T: Task>(task: T) -> T::Output {
    task.run::<Baseline>()
}

#[cfg(target_arch = "x86_64")]
unit!(Avx2, Avx, 2, four_rows_of_bytes);

// Tasks and what they call are always inlined, so that all of it is compiled for the same
// instructions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<T: Task>(task: T) -> T::Output {
    task.run::<Avx2>()
}

#[cfg(target_arch = "x86_64")]
unit!(Avx512, Avx, 2, four_rows_of_bytes);

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

/// What `four_rows` of `bytes.rs` does, sixteen products an instruction, which add up in pairs. The
/// compiler takes two for eight.
///
/// # Safety
/// The processor has AVX2.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn four_rows_of_bytes(
    mut sums: [i32; 4],
    [a, b, c, d]: [&[i8]; 4],
    values: &[i8],
    zero: i8,
) -> [i32; 4] {
    const STEP: usize = 16;
    let ((a, a_left), (b, b_left)) = (a.as_chunks::<STEP>(), b.as_chunks::<STEP>());
    let ((c, c_left), (d, d_left)) = (c.as_chunks::<STEP>(), d.as_chunks::<STEP>());
    let (values, left) = values.as_chunks::<STEP>();
    // SAFETY: a reference to sixteen bytes is read, and the processor has the instructions.
    let widened = |bytes: &[i8; STEP]| unsafe {
        _mm256_cvtepi8_epi16(_mm_loadu_si128(bytes.as_ptr().cast()))
    };
    // SAFETY: the processor has the instructions.
    let (mut pairs, zeros) =
        unsafe { ([_mm256_setzero_si256(); 4], _mm256_set1_epi16(i16::from(zero))) };
    for ((((a, b), c), d), values) in a.iter().zip(b).zip(c).zip(d).zip(values) {
        // SAFETY: as above.
        let values = unsafe { _mm256_sub_epi16(widened(values), zeros) };
        for (pairs, row) in pairs.iter_mut().zip([a, b, c, d]) {
            // SAFETY: as above. A sum of two products of bytes fits, and what is added to it wraps
            // only where the sum does.
            *pairs = unsafe { _mm256_add_epi32(*pairs, _mm256_madd_epi16(widened(row), values)) };
        }
    }
    let [a, b, c, d] = pairs;
    let mut added = [0; 4];
    // SAFETY: as above, and four sums are written.
    unsafe {
        let all = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
        let halves = [_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1)];
        let [low, high] = halves;
        _mm_storeu_si128(added.as_mut_ptr().cast(), _mm_add_epi32(low, high));
    }
    for (sum, added) in sums.iter_mut().zip(added) {
        *sum = sum.wrapping_add(added);
    }
    crate::kernels::bytes::four_rows(sums, [a_left, b_left, c_left, d_left], left, i32::from(zero))
}
