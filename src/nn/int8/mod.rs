//! Frozen layers in eight-bit integers: a quarter of the flash and of the RAM of their `f32` form,
//! and no floating-point unit needed inside.
//!
//! A value is `scale * (q - zero)` with `q` in `-128 ..= 127`; weights have a scale for each output
//! and no zero point. A layer adds its products in `i32`, which cannot overflow (below), multiplies
//! each sum by one `f32` and rounds it once: integers and single IEEE operations, so the same bits
//! on every core. ReLU and ReLU6 are the clamps of the layer before them. Padding is the value 0,
//! as in `f32`.
//!
//! The bytes come from `rolling-ball import --int8` (docs/import.md), and are read where they lie,
//! at any alignment, little-endian and without gaps:
//!
//! | | |
//! |---|---|
//! | `RBQ1` | the format and its version |
//! | `f32` | steps per unit of the input: `q = round(x * steps) + zero` |
//! | `f32` | scale of the output |
//! | `i8`, `i8` | zero of the input, zero of the output |
//! | layer after layer | [`MaxPool`] has nothing; all others: |
//! | `i8` x 4 | zero of the layer's input, zero, minimum and maximum of its output |
//! | `f32` x outputs | multipliers (one for a pool) |
//! | `i32` x outputs | biases (none for a pool) |
//! | `i8` x weights | in the order of the `f32` layer (none for a pool) |
//!
//! "Outputs" are a [`Dense`]'s outputs, a convolution's filters, a depthwise convolution's
//! channels.
//!
//! **Sums fit.** A product is at most 255 * 128; an output has at most [`LONGEST_SUM`] of them,
//! which is checked when the types are compiled, and its bias is at most [`LARGEST_BIAS`], which is
//! checked when the bytes are read. Together they stay below 2^31.

mod affine;
mod backbone;
mod convolution;
mod dense;
mod layer;
mod pool;

pub use backbone::Int8Backbone;
pub use convolution::{Conv1d, Conv2d, DepthwiseConv2d};
pub use dense::Dense;
pub use layer::{Buffers, Layer};
pub use pool::{AveragePool, AveragePool1d, GlobalAveragePool, MaxPool, MaxPool1d};

/// The most products that an output may be the sum of.
pub const LONGEST_SUM: usize = 1 << 15;
/// The largest magnitude of a bias.
pub const LARGEST_BIAS: u32 = 1 << 30;
