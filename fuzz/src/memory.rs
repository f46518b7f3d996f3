//! How much memory an import takes.

use crate::trace::tell;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What docs/import.md promises: an import takes at most so many times the bytes of its files, and
/// so many bytes more.
pub const TIMES: usize = 18;
/// The same of ONNX and TFLite files.
pub const TIMES_OF_GRAPHS: usize = 36;
const MORE: usize = 170_000_000;
/// The threads that import at the same time are counted together.
const THREADS: usize = 2;

/// Imports files of so many bytes, and checks that this takes at most so many times the memory.
pub fn check<T>(times: usize, bytes: usize, import: impl FnOnce() -> T) -> T {
    let (read, peak) = peak_of(import);
    tell(format_args!("{peak} bytes of memory for {bytes} of files"));
    assert!(
        peak <= THREADS * (times * bytes + MORE),
        "{peak} bytes of memory for {bytes} of files"
    );
    read
}

/// The bytes that were allocated at once during some work, by all threads, beside those that were
/// allocated before.
fn peak_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let done = work();
    (done, ALLOCATOR.peak_usage().saturating_sub(before))
}
