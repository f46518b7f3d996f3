//! The ball on a GPU (feature `gpu`, through `wgpu`: Vulkan, Metal or Direct3D 12, without a
//! window).
//!
//! A [`Device`] is a GPU, or a Vulkan that runs on the processor. A [`Vector`] lives in its memory,
//! and [`Shaders`] are the passes over such vectors. So every optimizer of this crate runs there as
//! it is, except for [`EntropySgd`](crate::EntropySgd), whose noise is made by the processor.
//! `RollingBall<Vector, Shaders>` is the same state machine: its passes are shaders, and its
//! requests are answered on the device by the [`Batch`] of a [`DenseNetwork`] or by a
//! [`Landscape`]. Theta, its gradient and the vectors of the optimizer never leave the device; only
//! sums and losses do.
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
//! **The same bits.** Sums and products follow the order of the [numeric contract](crate::kernels).
//! The result of each operation goes through an integer operation that a shader compiler cannot see
//! through, so that none is contracted or reordered. Exponential and logarithm take the steps of
//! `libm`. What a GPU may still do differently is described at [`TOLERANCE`]. `cargo lab gpu`
//! compares the two.
//!
//! **Waits and failures.** A pass without sums is only submitted. A pass with sums waits for them,
//! at most as long as [`Settings::longest_wait`]. A pass has no way to report what goes wrong; the
//! device remembers it as [`Device::failure`], and [`step`] reports it.

extern crate std;

mod adapter;
mod basins;
mod device;
mod error;
mod landscapes;
mod network;
mod passes;
mod program;
mod ready;
mod scratch;
mod settings;
mod vector;

pub use adapter::{Adapter, AdapterKind};
pub use basins::{PlaneFormula, ShadedPlane, roll};
pub use device::Device;
pub use error::Error;
pub use landscapes::{Formula, Landscape, Shaded};
pub use network::{Batch, DenseNetwork};
pub use passes::Shaders;
pub use settings::Settings;
pub use vector::Vector;

use crate::optimizer::step_on;
use crate::{Objective, Optimizer, StepReport};

/// How far the numbers of a pass may be from those over slices, relative to the magnitudes that
/// they are made of: 2^-20, eight units in the last place. For an element, the magnitudes are the
/// elements of that index before and after the pass; for a sum, they are the squares of these, or
/// these themselves where absolute values are added up.
///
/// With a Vulkan on the processor the bits are equal. By their specifications they are equal on a
/// GPU too, in all passes but one: a GPU may be off by 2.5 units in a division and by 4.5 in a
/// square root, which together with the roundings between them makes 8 in the move of
/// [`adam`](crate::kernels::VectorOps::adam).
///
/// The same room serves a compiler that sees through what keeps a product from being contracted.
/// Each of the at most three products of an element is then rounded once less, which changes half a
/// unit each. Subnormal numbers, which a GPU may flush to zero, are not covered.
pub const TOLERANCE: f32 = 8.0 * f32::EPSILON;

/// Makes one step of `optimizer` on `objective`, like [`rolling_ball::step`](crate::step), with
/// theta on a device.
///
/// # Errors
///
/// [`Error::Step`] with the error of the optimizer or of the objective; where the device has
/// failed, the reason, and then theta is gone.
pub fn step<O: Optimizer<Vector> + ?Sized, F: Objective<Vector> + ?Sized>(
    optimizer: &mut O,
    objective: &mut F,
    theta: &mut Vector,
) -> Result<StepReport, Error> {
    let report = step_on(optimizer, objective, theta);
    // The answers of a failed device make no sense.
    theta.device().check()?;
    Ok(report?)
}
