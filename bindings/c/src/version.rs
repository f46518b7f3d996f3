//! The version of the interface, which a program can compare with that of its header.

/// The version of this header: 10000 for each major version, 100 for each minor one, and 1 for each
/// patch.
pub const RB_VERSION: u32 = 100;

/// Returns the RB_VERSION of the library. Init functions compare the two themselves, and refuse to
/// write to an object of another header; a program that calls none of them can do so by this.
// It is at one address for all that ask; a copy of one that is inlined would be at another.
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn rb_version() -> u32 {
    RB_VERSION
}

/// Where this build of the program has the function above: another build has it elsewhere, and an
/// object that it has left behind holds addresses of functions that are no longer there.
pub fn build() -> usize {
    rb_version as extern "C" fn() -> u32 as usize
}

#[cfg(test)]
mod tests {
    use super::RB_VERSION;

    #[test]
    fn the_version_of_the_header_is_that_of_the_crate() {
        let number = |text: &str| text.parse::<u32>().unwrap();
        let major = number(env!("CARGO_PKG_VERSION_MAJOR"));
        let minor = number(env!("CARGO_PKG_VERSION_MINOR"));
        let patch = number(env!("CARGO_PKG_VERSION_PATCH"));
        assert_eq!(RB_VERSION, 10_000 * major + 100 * minor + patch);
    }
}
