//! Random calls, bytes and files. A target is a function of bytes that panics where a promise of
//! the library is broken, and tells how many calls of the library it made. The same functions serve
//! cargo-fuzz (`fuzz_targets/`) and the driver of this crate, which runs on stable Rust.

pub mod ask_tell;
pub mod checkpoints;
pub mod driver;
mod files;
pub mod fleet;
pub mod graph_files;
mod input;
pub mod int8;
pub mod landscapes;
mod memory;
pub mod model_files;
pub mod networks;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support/nor_flash.rs"]
mod nor_flash;
mod numbers;
pub mod store;
mod trace;

/// A target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    /// Makes the calls that the bytes say, and returns how many there were.
    pub run: fn(&[u8]) -> u64,
    /// The most bytes that an input has.
    pub longest: usize,
    /// Its part of the time, beside those of the others.
    pub weight: u32,
}

/// Every target.
pub const TARGETS: [Target; 10] = [
    Target { name: "ask_tell", run: ask_tell::run, longest: 256, weight: 6 },
    Target { name: "checkpoints", run: checkpoints::run, longest: 64, weight: 2 },
    Target { name: "fleet", run: fleet::run, longest: 192, weight: 2 },
    Target { name: "int8", run: int8::run, longest: 256, weight: 1 },
    Target { name: "landscapes", run: landscapes::run, longest: 128, weight: 1 },
    Target { name: "model_files", run: model_files::run, longest: 192, weight: 2 },
    Target { name: "networks", run: networks::run, longest: 64, weight: 2 },
    Target { name: "onnx_files", run: graph_files::onnx, longest: 64, weight: 2 },
    Target { name: "store", run: store::run, longest: 64, weight: 1 },
    Target { name: "tflite_files", run: graph_files::tflite, longest: 64, weight: 2 },
];
