//! Random calls, bytes and files. A target is a function of bytes that panics where a promise of the
//! library is broken, and tells how many calls of the library it made. The same functions serve
//! cargo-fuzz (`fuzz_targets/`) and the driver of this crate, which runs on stable Rust.

pub mod ask_tell;
pub mod driver;
mod input;
mod trace;

/// A target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    /// Makes the calls that the bytes say, and returns how many there were.
    pub run: fn(&[u8]) -> u64,
    /// The most bytes that an input has.
    pub longest: usize,
}

/// Every target.
pub const TARGETS: [Target; 1] = [Target { name: "ask_tell", run: ask_tell::run, longest: 256 }];
