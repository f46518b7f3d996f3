//! The ball on a GPU (feature `gpu`, over `wgpu`: Vulkan, Metal or Direct3D 12, without a window).
//!
//! A [`Device`] is a GPU, or a Vulkan on the processor; a [`Vector`] lives in its memory;
//! [`Shaders`] are the passes over such vectors. So every optimizer of this crate but
//! [`EntropySgd`](crate::EntropySgd), whose noise is the processor's, runs there as it is:
//! `RollingBall<Vector, Shaders>` is the same state machine, whose passes are shaders and whose
//! requests a [`DenseNetwork`]'s [`Batch`] or a [`Landscape`] answers on the device. Theta, its
//! gradient and what the optimizer keeps never leave it; only sums and losses do.
//!
//! ```
//! use rolling_ball::gpu::{self, DenseNetwork, Device, Shaders, Vector};
//! use rolling_ball::{RollingBall, RollingBallConfig};
//!
//! let device = match Device::new() {
//!     Err(gpu::Error::NoAdapter) => return Ok(()),
//!     device => device?,
//! };
//! // Two inputs, eight neurons, two classes.
//! let network = DenseNetwork::new(&device, &[2, 8, 2])?;
//! let mut batch = network.batch(&[1.0, 0.0, 0.0, 1.0], &[0, 1])?;
//! let start: Vec<f32> = (0..network.parameters()).map(|i| (i as f32).sin()).collect();
//! let mut theta = Vector::from_slice(&device, &start)?;
//! let vector = || Vector::zeros(&device, network.parameters());
//! let workspace = [vector()?, vector()?];
//! let config = RollingBallConfig { learning_rate: 0.1.into(), ..RollingBallConfig::default() };
//! let mut ball = RollingBall::with_backend(Shaders, config, workspace)?;
//! for _ in 0..50 {
//!     gpu::step(&mut ball, &mut batch, &mut theta)?;
//! }
//! let outputs = batch.outputs(&theta)?;
//! assert!(outputs[0] > outputs[1] && outputs[3] > outputs[2]);
//! # Ok::<(), gpu::Error>(())
//! ```
//!
//! **The same bits.** Sums and products go in the order of the [numeric contract](crate::kernels),
//! and each operation's result goes through an integer operation that a shader compiler cannot see
//! through, so none is contracted or reordered; exponential and logarithm take `libm`'s steps. What
//! a GPU may still do otherwise is in [`TOLERANCE`]. `cargo xtask gpu` compares.
//!
//! **Waits and failures.** A pass that gives no sums is only submitted; one that does waits for
//! them, at most as long as [`Settings::longest_wait`]. What goes wrong in a pass, which has no way
//! to tell, the device remembers: [`Device::failure`], which [`step`] tells.

extern crate std;

mod adapter;
mod basins;
mod device;
mod error;
mod landscapes;
mod network;
mod passes;
mod program;
mod scratch;
mod vector;

pub use adapter::{Adapter, AdapterKind};
pub use basins::{PlaneFormula, ShadedPlane, roll};
pub use device::{Device, Settings};
pub use error::Error;
pub use landscapes::{Formula, Landscape, Shaded};
pub use network::{Batch, DenseNetwork};
pub use passes::Shaders;
pub use vector::Vector;

use crate::optimizer::step_on;
use crate::{Objective, Optimizer, StepReport};

/// How far the numbers of a pass may be from those over slices, relative to the magnitudes that
/// they are made of: of an element, the elements of that index before and after the pass; of a sum,
/// their squares. 2^-20, eight units in the last place.
///
/// On a Vulkan on the processor the bits are equal, and by their specifications they are on a GPU
/// too, in all passes but one: a GPU may be off by 2.5 units in a division and 4.5 in a square
/// root, which with the roundings between them makes 8 in the move of
/// [`adam`](crate::kernels::VectorOps::adam). The same room is there for a compiler that sees
/// through what keeps a product from being contracted: then each of the at most three products of
/// an element is rounded once less, half a unit each. Numbers below the normal ones, which a GPU
/// may flush to zero, are not in it.
pub const TOLERANCE: f32 = 8.0 * f32::EPSILON;

/// Makes one step of `optimizer` on `objective`, as [`rolling_ball::step`](crate::step) does, with
/// theta on a device.
///
/// # Errors
/// [`Error::Step`] with the optimizer's or the objective's error; where the device has failed, why:
/// theta is then gone.
pub fn step<O: Optimizer<Vector> + ?Sized, F: Objective<Vector> + ?Sized>(
    optimizer: &mut O,
    objective: &mut F,
    theta: &mut Vector,
) -> Result<StepReport, Error> {
    let report = step_on(optimizer, objective, theta);
    // What a failed device answers makes no sense.
    theta.device().check()?;
    Ok(report?)
}
