//! The footpoints that are sought: by `cargo lab footpoint`, and by `cargo xtask bench` against
//! other libraries.

/// Radius and learning rate, as in the measurement that the solver was designed with.
pub const SETTINGS: [(f32, f32); 4] = [(1.0, 1.0), (3.0, 1.0), (0.3, 0.3), (1.0, 0.1)];
/// How far from the converged distance counts as there.
pub const NEAR: f32 = 1.01;
