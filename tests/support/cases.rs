//! On how many cases a property is tried.

use proptest::prelude::ProptestConfig;

/// So many random cases, or one in a hundred of them under Miri, which is thousands of times
/// slower.
pub fn cases(count: u32) -> ProptestConfig {
    let cases = if cfg!(miri) { count.div_ceil(100) } else { count };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}
