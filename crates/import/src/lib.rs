//! Brings networks from PyTorch to devices: a safetensors file and a description of its layers
//! become Rust types and constants, and the bytes that lie in flash, on request with an
//! int8 backbone. `docs/import.md` in the repository says which layers there are and how to
//! describe them.
//!
//! A build script imports a model whenever its files change:
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), rolling_ball_import::Error> {
//!     rolling_ball_import::Import::new("digits_cnn.safetensors")
//!         .network("digits_cnn.toml")
//!         .int8("digits_calibration.safetensors")
//!         .build()
//! }
//! ```
//!
//! The crate then includes the result as a module, which depends on `rolling-ball` only:
//!
//! ```ignore
//! mod digits_cnn {
//!     include!(concat!(env!("OUT_DIR"), "/digits_cnn.rs"));
//! }
//!
//! let network = digits_cnn::network()?;
//! let mut theta = digits_cnn::THETA;
//! ```
//!
//! The command `rolling-ball import` does the same by hand, for those who commit what was imported
//! or who program in C, for whom it makes a static library.

mod c_library;
mod compare;
mod dataflow;
mod emit;
mod engine;
mod error;
mod evaluate;
mod expected;
mod export;
mod graph;
mod import;
mod imported;
mod inputs;
mod inspect;
mod int8;
mod kind;
mod layout;
mod limits;
mod load;
mod names;
mod onnx;
mod read;
mod report;
mod samples;
mod shared_library;
mod shown;
mod sizes;
mod spec;
mod template;
mod tensors;
#[cfg(test)]
mod tests;
mod tflite;
mod types;
mod windows;
mod write;

pub use c_library::{CLibrary, single_object};
pub use compare::Difference;
pub use emit::File;
pub use error::Error;
pub use expected::{FeaturesFromFramework, FromFramework};
pub use export::Exported;
pub use import::Import;
pub use imported::Imported;
pub use inspect::{Cut, Inspection, Instructions, Int8, Layer, MultiplyAdds};
pub use int8::quantise_backbone;
pub use report::Row;
pub use samples::Samples;
pub use shared_library::SharedLibrary;
pub use shown::shown;
pub use sizes::Sizes;
