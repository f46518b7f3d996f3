//! Which vector unit a task runs on: the one place that needs `unsafe`, since a function that is compiled for more than the
//! target must only be called where the processor has it.
#![allow(unsafe_code)]

use super::vector::Array;
use super::{LANES, Task, Tile, Unit};
use core::sync::atomic::{AtomicU8, Ordering};
use wide::f32x8;

/// The instructions that [`Wide`](super::Wide) uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What the crate is compiled for: SSE2 on x86-64, NEON on AArch64.
    Baseline,
    /// AVX2, on x86-64.
    Avx2,
    /// AVX-512 F, VL, BW and DQ, on x86-64.
    Avx512,
}

impl Level {
    /// All of them, the widest last.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::Avx2, Self::Avx512];

    /// The widest that this processor and its operating system have.
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

    /// The one in use.
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

    /// From now on, the whole program uses this one at most: to measure and to test what it would do on another
    /// processor. No bit of a result depends on it.
    pub fn limit(self) {
        LIMIT.store(self as u8, Ordering::Relaxed);
    }
}

static LIMIT: AtomicU8 = AtomicU8::new(Level::Avx512 as u8);

#[cfg(target_arch = "x86_64")]
cpufeatures::new!(has_avx2, "avx2");
#[cfg(target_arch = "x86_64")]
cpufeatures::new!(has_avx512, "avx512f", "avx512vl", "avx512bw", "avx512dq");

/// Runs a task on the widest vector unit that there is and that is allowed.
#[inline(always)]
pub(super) fn run<T: Task>(task: T) -> T::Output {
    match Level::in_use() {
        // SAFETY: `in_use` answers so only where `cpufeatures` has found the processor to have these instructions, and the
        // operating system to save their registers.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512(task) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2(task) },
        _ => baseline(task),
    }
}

struct Baseline;

impl Unit for Baseline {
    type Vector = f32x8;
    const TILE: Tile = Tile::TwoByTwo;
}

fn baseline<T: Task>(task: T) -> T::Output {
    task.run::<Baseline>()
}

#[cfg(target_arch = "x86_64")]
struct Avx2;

#[cfg(target_arch = "x86_64")]
impl Unit for Avx2 {
    type Vector = Array<LANES>;
    const TILE: Tile = Tile::FourByThree;
}

// Tasks and what they call are always inlined, so that they are compiled for the same instructions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<T: Task>(task: T) -> T::Output {
    task.run::<Avx2>()
}

#[cfg(target_arch = "x86_64")]
struct Avx512;

#[cfg(target_arch = "x86_64")]
impl Unit for Avx512 {
    type Vector = Array<LANES>;
    const TILE: Tile = Tile::FourByFour;
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
fn avx512<T: Task>(task: T) -> T::Output {
    task.run::<Avx512>()
}
