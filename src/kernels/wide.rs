//! The kernels on the widest vector unit that the processor has.

use super::{Kernels, Task, dispatch};

/// Kernels on vectors (feature `simd`): AVX-512, AVX2 or SSE2 on x86-64, as the processor has them; NEON on AArch64; the
/// vectors of the crate `wide` for what the crate is compiled for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wide;

impl Kernels for Wide {
    #[inline]
    fn run<T: Task>(task: T) -> T::Output {
        dispatch::run(task)
    }
}
