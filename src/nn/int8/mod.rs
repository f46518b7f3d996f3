//! Frozen layers in eight-bit integers: a quarter of the flash and of the RAM of their `f32` form,
//! and no floating-point unit needed inside.
//!
//! A value is `scale * (q - zero)` with `q` in `-128 ..= 127`; weights have a scale for each output
//! and no zero point. That is what a full-int8 TFLite model has too, so that its own numbers can be
//! kept. A layer adds its products in `i32`, which cannot overflow (below). A sum becomes an output
//! by integers alone, and so has the same bits on every core:
//! `y = clamp(round(sum * multiplier / 2^shift) + zero)`, exact before it is rounded, with halves
//! rounded up. ReLU and ReLU6 are the clamps of the layer before them; other activations are a
//! [`Table`]. Padding is the value 0, as in `f32`.
//!
//! Before the layers that are trained they are an [`Int8Backbone`], and among those an
//! [`nn::Int8`](crate::nn::Int8) each.
//!
//! The bytes come from `rolling-ball import --int8` (docs/import.md), and are read where they lie,
//! at any alignment, little-endian and without gaps:
//!
//! | | |
//! |---|---|
//! | `RBQ2` | the format and its version |
//! | `f32` | steps per unit of the input: `q = round(x * steps) + zero` |
//! | `f32` | scale of the output |
//! | `i8`, `i8` | zero of the input, zero of the output |
//! | layer after layer | what each has is below |
//!
//! [`Dense`], [`Conv2d`], [`GroupedConv2d`], [`DepthwiseConv2d`], [`ScaleShift`]:
//!
//! | | |
//! |---|---|
//! | `i8` x 4 | zero of the layer's input; zero, minimum and maximum of its output |
//! | `i32` x outputs | multipliers: input's scale times weights' over output's, times `2^shift` |
//! | `i32` x outputs | biases |
//! | `i8` x outputs | shifts |
//! | `i8` x weights | in the order of the `f32` layer |
//!
//! "Outputs" are a [`Dense`]'s outputs, a convolution's filters, a depthwise convolution's
//! channels.
//!
//! [`AveragePool`], [`Rescale`]:
//!
//! | | |
//! |---|---|
//! | `i8` x 4 | zero of the layer's input; zero, minimum and maximum of its output |
//! | `i32` | multiplier: input's scale over the output's, times `2^shift` |
//! | `i8` | shift |
//!
//! [`Residual`], after the bytes of its layers and of its shortcut:
//!
//! | | |
//! |---|---|
//! | `i8` x 4 | zero of what its layers give; zero, minimum and maximum of its output |
//! | `i8` | zero of what its shortcut gives |
//! | `i32`, `i32` | multipliers of layers and shortcut: scale over the output's, times `2^shift` |
//! | `i8` | shift |
//!
//! [`LayerNorm`]:
//!
//! | | |
//! |---|---|
//! | `i8` x 4 | zero of the layer's input; zero, minimum and maximum of its output |
//! | `u64` | epsilon times the square of the channels over the input's scale, times `2^16` |
//! | `i32` x channels | multipliers: scales over the output's scale, times `2^(shift - 20)` |
//! | `i32` x channels | shifts over the output's scale, times `2^16` |
//! | `i8` | shift, from 16 on |
//!
//! [`PRelu`]:
//!
//! | | |
//! |---|---|
//! | `i8` x 4 | zero of the layer's input; zero, minimum and maximum of its output |
//! | `i32`, `i8` | multiplier and shift: input's scale over the output's |
//! | `i32`, `i8` | the same below 0: input's scale times that of the slopes over the output's |
//! | `i16` x channels | slopes |
//!
//! A [`Table`] has 256 `i8`, a [`Concat`] the bytes of its two sides, [`MaxPool`] and [`Identity`]
//! nothing.
//!
//! **Sums fit.** A product is at most 255 * 128; an output has at most [`LONGEST_SUM`] of them,
//! which is checked when the types are compiled, and its bias is at most [`LARGEST_BIAS`], which is
//! checked when the bytes are read. Together they stay below 2^31. A multiplier is not negative, so
//! that its product with a sum stays below 2^62, in `i64`; a shift is from 1 to [`LARGEST_SHIFT`],
//! and a mean adds up to 15 for its count, so that the half that is added stays below too.

mod affine;
mod backbone;
mod concat;
mod convolution;
mod dense;
mod factor;
mod grouped;
mod identity;
mod layer;
mod layer_norm;
mod pool;
mod prelu;
mod rescale;
mod residual;
mod table;

pub use backbone::Int8Backbone;
pub use concat::Concat;
pub use convolution::{
    Conv1d, Conv2d, DepthwiseConv1d, DepthwiseConv2d, PointwiseConv2d, ScaleShift,
};
pub use dense::Dense;
pub use grouped::{GroupedConv1d, GroupedConv2d};
pub use identity::Identity;
pub use layer::{Buffers, Differentiable, Layer};
pub use layer_norm::LayerNorm;
pub use pool::{AveragePool, AveragePool1d, GlobalAveragePool, MaxPool, MaxPool1d};
pub use prelu::PRelu;
pub use rescale::Rescale;
pub use residual::Residual;
pub use table::Table;

/// The most products that an output may be the sum of.
pub const LONGEST_SUM: usize = 1 << 15;
/// The largest magnitude of a bias: what the longest sum leaves of an `i32`, some more than 2^30,
/// which is where TFLite's converter ends.
pub const LARGEST_BIAS: u32 = i32::MAX as u32 - 255 * 128 * LONGEST_SUM as u32;
/// The largest shift of a multiplier. A smaller factor than `2^30 / 2^47` has a smaller multiplier,
/// whose rounding moves the largest sum by a hundred-thousandth of a step.
pub const LARGEST_SHIFT: u32 = 47;
/// The largest epsilon of a [`LayerNorm`], in the unit of its bytes: far more than the mean square
/// of any bytes.
pub const LARGEST_EPSILON: u64 = 1 << 61;
