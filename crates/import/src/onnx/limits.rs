//! The most that a file may describe. What is larger is a mistake in the file, or an attack.

/// The most values of all constants, and of the inputs and outputs of all operators, as for every
/// network that is imported.
pub const MOST_VALUES: usize = 1 << 24;

/// The most values of all constants that are computed. Weights that are transposed are among them.
pub const MOST_FOLDED: usize = 1 << 21;

/// The most products and sums that an input may need.
pub const MOST_OPERATIONS: u128 = 1 << 30;

/// The most nodes of a graph. Exporters write a dozen of them for one padding.
pub const MOST_NODES: usize = 1 << 12;

/// The most tensors with values.
pub const MOST_TENSORS: usize = 1 << 12;

/// The most attributes of a node.
pub const MOST_ATTRIBUTES: usize = 32;

/// The most inputs, and the most outputs, of a graph or a node.
pub const MOST_ENDS: usize = 1 << 10;

/// The most dimensions of a tensor.
pub const MOST_DIMENSIONS: usize = 8;
