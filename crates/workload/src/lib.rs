//! What is timed and counted on the desktop: passes over memory, steps and gradients, by criterion
//! (`benches`), by callgrind (`benches/instructions.rs`) and against the machine
//! (`cargo xtask bench`).

pub mod footpoint;
pub mod networks;
pub mod passes;
pub mod slices;
pub mod steps;

/// Lengths of theta, from a tail of a few neurons to more than any cache holds.
pub const LENGTHS: [usize; 6] = [64, 1024, 16_384, 65_536, 1 << 20, 1 << 24];
