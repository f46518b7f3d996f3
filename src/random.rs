//! Random numbers that a seed decides, the same everywhere: SplitMix64.

/// What is added to the state for each number.
pub(crate) const INCREMENT: u64 = 0x9e37_79b9_7f4a_7c15;

/// The mixer of SplitMix64.
pub(crate) fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
