//! How much of a test is made: all of it, or what Miri can interpret in seconds.

use proptest::prelude::ProptestConfig;

/// The first, or under Miri, which is thousands of times slower, the second.
pub const fn unless_miri<T: Copy>(all: T, under_miri: T) -> T {
    if cfg!(miri) { under_miri } else { all }
}

/// So many random cases of a property, or under Miri four.
pub fn cases(count: u32) -> ProptestConfig {
    let cases = unless_miri(count, 4);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}
