//! A look at a loss at a chosen scale: how it runs along a line or over a plane, what is left of
//! its wrinkles for a ball of each radius, and how it is curved at a point.
//!
//! [`Slice`] samples any [`Objective`](crate::Objective). [`Grid::dilate`] rolls a ball over the
//! samples, [`Grid::roughness`] says what roughness remains, and [`smoothing_radius`] names the
//! radius at which enough of it is gone: a first guess at
//! [`radius`](crate::RollingBallConfig::radius). No optimizer is involved and nothing is allocated,
//! so a line of 65 points fits a microcontroller.
//!
//! ```
//! use rolling_ball::landscapes::{Quadratic, RippledBowl};
//! use rolling_ball::probe::{Grid, Scale, Slice, smoothing_radius};
//!
//! let grid = Grid::line(201, 0.02)?;
//! let slice = Slice { grid, origin: &[0.0], across: &[1.0], down: &[], loss_scale: 1.0 };
//! let (mut heights, mut centres, mut contacts) = ([0.0; 201], [0.0; 201], [0; 201]);
//! let bowl = Quadratic { condition: 1.0 };
//! let mut ripples = RippledBowl { bowl, amplitude: 0.05, frequency: 30.0 };
//! slice.sample(&mut ripples, &mut [0.0], &mut heights)?;
//!
//! let mut scales = [0.0, 0.03, 0.1, 0.3, 1.0].map(Scale::of_radius);
//! for scale in &mut scales {
//!     grid.dilate(&heights, scale.radius, &mut centres, &mut contacts)?;
//!     scale.roughness = grid.roughness(&centres)?;
//! }
//! let radius = smoothing_radius(&scales, 0.9);
//! assert_eq!(radius, Some(0.3));
//! # Ok::<(), rolling_ball::Error>(())
//! ```
//!
//! [`Curvature`] says how sharp the minimum is that a training has ended in: the largest eigenvalue
//! of the Hessian and its trace, by gradients alone.

#[cfg(feature = "threads")]
pub mod basins;
mod curvature;
mod dilation;
mod directions;
mod grid;
mod roughness;
mod slice;

pub use curvature::{Curvature, Eigenvalue, Trace};
pub use directions::{normalise_filters, normalise_layers, orthogonalise, principal_direction};
pub use grid::Grid;
pub use roughness::{Roughness, Scale, smoothing_radius};
pub use slice::Slice;
