//! Every vector unit of this processor against the scalar kernels.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod bytes;
mod levels;
mod products;

use rolling_ball::kernels::Level;
use std::sync::{Mutex, PoisonError};

/// Does the work with each vector unit that this processor has. A limit holds for the whole
/// program, so only one test at a time may set it.
fn with_each_level(mut work: impl FnMut(Level)) {
    static LIMIT: Mutex<()> = Mutex::new(());
    let _turn = LIMIT.lock().unwrap_or_else(PoisonError::into_inner);
    for level in Level::ALL {
        level.limit();
        if level > Level::available() {
            println!("SKIPPED: this processor does not have {level:?}");
            continue;
        }
        assert_eq!(Level::in_use(), level);
        work(level);
    }
}
