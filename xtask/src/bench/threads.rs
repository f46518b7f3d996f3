//! How many threads the kernels use.

use anyhow::Result;
use rayon::ThreadPoolBuilder;

/// Does work in which the kernels may use so many threads.
pub fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Result<T> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
    Ok(pool.install(work))
}
