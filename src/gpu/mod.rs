//! Vectors in the memory of a GPU, and the passes over them.
//!
//! A [`Device`] is a GPU, or a Vulkan on the CPU; a [`Vector`] lives in its memory; [`Shaders`] are the vector passes of
//! [`Kernels`](crate::kernels::Kernels) over such vectors. A pass that gives no sums is only submitted; one that does waits for
//! them, at most as long as [`Settings::longest_wait`].
//!
//! **The same bits.** The sums are added up in the order of the [numeric contract](crate::kernels), and each operation's result
//! goes through an integer operation that a shader compiler cannot see through, so none is contracted or reordered. What a GPU
//! may still do otherwise is in [`TOLERANCE`].

extern crate std;

mod device;
mod error;
mod landscapes;
mod network;
mod passes;
mod program;
mod scratch;
mod vector;

pub use device::{Adapter, AdapterKind, Device, Settings};
pub use error::Error;
pub use landscapes::{Formula, Landscape, Shaded};
pub use network::{Batch, DenseNetwork};
pub use passes::Shaders;
pub use vector::Vector;

/// How far the numbers of a device may be from those over slices, relative to the magnitudes that they are made of: of an element,
/// the elements of that index before and after the pass; of a sum, their squares. 2^-20, eight units in the last place.
///
/// On a Vulkan of the CPU the bits are equal, and by their specifications they are on a GPU too, in all passes but one: a GPU may be off
/// by 2.5 units in a division and 4.5 in a square root, which with the roundings between them makes 8 in the move of
/// [`adam`](Shaders::adam). The same room is there for a compiler that sees through what keeps a product from being contracted: then
/// each of the at most three products of an element is rounded once less, half a unit each. Numbers below the normal ones, which a GPU
/// may flush to zero, are not in it.
pub const TOLERANCE: f32 = 8.0 * f32::EPSILON;

use crate::protocol::step_on;
use crate::{Objective, Optimizer, StepReport};

/// Makes one step of `optimizer` on `objective`, as [`rolling_ball::step`](crate::step) does, with theta on a device.
///
/// # Errors
/// [`Error::Step`] with the optimizer's or the objective's error; where the device has failed, why: theta is then gone.
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
