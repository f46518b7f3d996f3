//! The most that an ONNX file may describe, beside what any file may.

pub use crate::limits::{MOST_DIMENSIONS, MOST_OPERATIONS, MOST_VALUES};

/// The most values of all constants that are computed. Weights that are transposed are among them.
pub const MOST_FOLDED: usize = 1 << 21;

/// The most nodes of a graph. Exporters write a dozen of them for one padding.
pub const MOST_NODES: usize = 1 << 12;

/// The most tensors with values.
pub const MOST_TENSORS: usize = 1 << 12;

/// The most attributes of a node.
pub const MOST_ATTRIBUTES: usize = 32;

/// The most inputs, and the most outputs, of a graph or a node.
pub const MOST_ENDS: usize = 1 << 10;
