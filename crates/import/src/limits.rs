//! The most that any file may describe. What is larger is a mistake in the file, or an attack.

/// The most parameters of a network, or values of all constants of a file, and the most values of
/// its input and of the outputs of all its layers. No device has room for more.
pub const MOST_VALUES: usize = 1 << 24;

/// The most products and sums that an input may need. A microcontroller would compute for minutes,
/// and the desktop, which evaluates hundreds of inputs, for hours.
pub const MOST_OPERATIONS: u128 = 1 << 30;

/// The most dimensions of a tensor.
pub const MOST_DIMENSIONS: usize = 8;
