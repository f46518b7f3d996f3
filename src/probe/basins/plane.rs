//! Losses of two parameters, evaluated at eight points at once.

use crate::kernels::{Kernels, LANES, SimdVector, Task, Unit};

/// A loss of two parameters. What it gives in a lane depends only on theta in that lane, not on the
/// neighbouring lanes.
pub trait Plane: Sync {
    /// Returns the loss and its gradient in each lane, at that lane's theta. Mark your function
    /// `#[inline(always)]`, with all that it calls, so that it is compiled for the vector unit.
    fn evaluate<V: SimdVector>(&self, theta: [V; 2]) -> (V, [V; 2]);
}

/// Returns the loss and its gradient at eight points, given as their first coordinates and their
/// second coordinates.
#[must_use]
pub fn evaluate<K: Kernels, P: Plane>(
    plane: &P,
    theta: [[f32; LANES]; 2],
) -> ([f32; LANES], [[f32; LANES]; 2]) {
    K::run(Evaluation { plane, theta })
}

struct Evaluation<'a, P> {
    plane: &'a P,
    theta: [[f32; LANES]; 2],
}

impl<P: Plane> Task for Evaluation<'_, P> {
    type Output = ([f32; LANES], [[f32; LANES]; 2]);

    #[inline(always)]
    fn run<U: Unit>(self) -> Self::Output {
        let [x, y] = self.theta;
        let (loss, [gx, gy]) =
            self.plane.evaluate([U::SimdVector::load(&x), U::SimdVector::load(&y)]);
        (loss.store(), [gx.store(), gy.store()])
    }
}
