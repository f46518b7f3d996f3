//! A loss of two parameters, at eight points at a time.

use crate::kernels::{Kernels, LANES, SimdVector, Task, Unit};

/// A loss of two parameters. What it gives in a lane depends on theta in that lane only, not on its
/// neighbours.
pub trait Plane: Sync {
    /// The loss and its gradient, in each lane at that lane's theta. Mark it `#[inline(always)]`,
    /// with all that it calls, so that it is compiled for the vector unit.
    fn evaluate<V: SimdVector>(&self, theta: [V; 2]) -> (V, [V; 2]);
}

/// The loss and its gradient at eight points: their first coordinates, and their second ones.
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
