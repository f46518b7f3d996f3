//! The kernels on the widest vector unit that the processor has.

#[cfg(feature = "std")]
use super::{Divisible, Pass, pass::Sweep, threads};
use super::{Kernels, Task, dispatch};

/// Kernels on vectors (feature `simd`): AVX-512, AVX2 or SSE2 on x86-64, as the processor has them; NEON on AArch64; the
/// vectors of the crate `wide` for what the crate is compiled for.
///
/// With the feature `std`, a pass over half a million elements or more, and a product of matrices of two million
/// multiplications or more, is shared by the threads of the rayon pool that the caller is in, or else of its global one. A pool
/// of one thread, or `RAYON_NUM_THREADS=1`, leaves everything to the thread of the caller. The number of threads changes no bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wide;

impl Kernels for Wide {
    #[inline]
    fn run<T: Task>(task: T) -> T::Output {
        dispatch::run(task)
    }

    #[cfg(feature = "std")]
    fn run_divided<T: Divisible>(task: T) {
        threads::run(task);
    }

    #[cfg(feature = "std")]
    fn pass<P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize>(
        pass: P,
        written: [&mut [f32]; W],
        read: [&[f32]; R],
    ) -> [f32; S] {
        threads::pass(Sweep { pass, written, read })
    }
}
