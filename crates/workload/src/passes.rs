//! Every pass over memory, with what it moves and what it computes.

use rolling_ball::kernels::{AdamCoefficients, VectorOps};

/// The vectors that passes go over: theta, up to two that an optimizer keeps, and the gradient.
#[derive(Debug)]
pub struct Vectors<'v, T: ?Sized> {
    /// Theta.
    pub theta: &'v mut T,
    /// Such as theta~, or the velocity.
    pub second: &'v mut T,
    /// Such as Adam's variance.
    pub third: &'v mut T,
    /// The gradient.
    pub gradient: &'v mut T,
}

/// What a pass adds up: as many sums as it has, then zeros.
pub type Sums = [f32; 4];

const NO_SUMS: Sums = [0.0; 4];

/// A pass over vectors.
#[derive(Debug)]
pub struct Pass<T: ?Sized = [f32]> {
    /// That of the kernel.
    pub name: &'static str,
    /// Slices that it reads.
    pub read: u64,
    /// Slices that it writes, read or not.
    pub written: u64,
    /// Floating-point operations an element: additions, subtractions, multiplications, divisions,
    /// roots.
    pub operations: u64,
    /// Does it at a learning rate, and gives its sums.
    pub run: fn(Vectors<'_, T>, f32) -> Sums,
}

impl<T: ?Sized> Pass<T> {
    /// Bytes that it reads and writes an element. As STREAM counts: without the reads that a cache
    /// makes to fill a line that is to be written.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        size_of::<f32>() as u64 * (self.read + self.written)
    }
}

/// The rate to time passes at: so small that theta stays where it is, however often they are made.
pub const AT_REST: f32 = 1e-9;

fn adam(rate: f32) -> AdamCoefficients {
    AdamCoefficients {
        beta1: 0.9,
        beta2: 0.999,
        rate,
        second_correction: 1.0,
        epsilon: 1e-8,
        decay: 0.0,
    }
}

/// All passes of these kernels.
#[must_use]
pub fn passes<K: VectorOps>() -> [Pass<K::Vector>; 19] {
    let pass = |name, [read, written]: [u64; 2], operations, run| Pass {
        name,
        read,
        written,
        operations,
        run,
    };
    [
        pass("dot", [2, 0], 2, |v, _| [K::dot(v.theta, v.gradient), 0.0, 0.0, 0.0]),
        pass("squared_norms", [2, 0], 4, |v, _| {
            let (theta, gradient) = K::squared_norms(v.theta, v.gradient);
            [theta, gradient, 0.0, 0.0]
        }),
        pass("footpoint_sums", [3, 0], 7, |v, _| {
            let sums = K::footpoint_sums(v.theta, v.second, v.gradient);
            [sums.distance, sums.along, sums.gradient, 0.0]
        }),
        pass("contact_sums", [3, 0], 8, |v, _| {
            let sums = K::contact_sums(v.theta, v.second, v.gradient);
            [sums.theta, sums.gradient, sums.offset, sums.along]
        }),
        pass("add_scaled", [2, 1], 2, |v, rate| {
            K::add_scaled(v.theta, rate, v.gradient);
            NO_SUMS
        }),
        pass("decay_and_add", [2, 1], 4, |v, rate| {
            [K::decay_and_add(v.second, v.gradient, 0.5, rate), 0.0, 0.0, 0.0]
        }),
        pass("scale_into", [1, 1], 1, |v, _| {
            K::scale_into(v.theta, 0.5, v.gradient);
            NO_SUMS
        }),
        pass("interpolate_into", [2, 1], 3, |v, _| {
            K::interpolate_into(v.gradient, v.theta, v.second, 0.5);
            NO_SUMS
        }),
        pass("rescale_move", [2, 1], 3, |v, _| {
            K::rescale_move(v.theta, v.second, 1.0);
            NO_SUMS
        }),
        // These leave the old theta in the gradient: the next pass reads that for a gradient.
        pass("repeat_move", [2, 2], 3, |v, rate| {
            K::repeat_move(v.theta, v.gradient, rate);
            NO_SUMS
        }),
        pass("displace", [2, 3], 4, |v, rate| {
            K::displace(v.theta, v.second, v.gradient, rate, 0.1);
            NO_SUMS
        }),
        pass("gauss_newton_move", [3, 2], 4, |v, rate| {
            K::gauss_newton_move(v.theta, v.second, v.gradient, rate);
            NO_SUMS
        }),
        pass("project", [3, 2], 5, |v, rate| {
            K::project(v.theta, v.second, v.gradient, rate, 1.0);
            NO_SUMS
        }),
        pass("roll", [3, 3], 8, |v, rate| {
            [K::roll(v.theta, v.second, v.gradient, rate, 0.1), 0.0, 0.0, 0.0]
        }),
        pass("descend", [2, 2], 6, |v, rate| {
            let (theta, gradient) = K::descend(v.theta, v.gradient, rate);
            [theta, gradient, 0.0, 0.0]
        }),
        pass("descend_with_momentum", [3, 3], 7, |v, rate| {
            let (theta, velocity, gradient) = (v.theta, v.second, v.gradient);
            let moved = K::descend_with_momentum(theta, velocity, gradient, rate, 0.5, false);
            [moved, 0.0, 0.0, 0.0]
        }),
        pass("adam", [4, 4], 18, |v, rate| {
            let (theta, gradient) = (v.theta, v.gradient);
            [K::adam(theta, v.second, v.third, gradient, adam(rate)), 0.0, 0.0, 0.0]
        }),
        pass("perturb", [2, 2], 2, |v, rate| {
            K::perturb(v.theta, v.second, v.gradient, rate);
            NO_SUMS
        }),
        pass("descend_from", [2, 1], 2, |v, rate| {
            K::descend_from(v.theta, v.second, v.gradient, rate);
            NO_SUMS
        }),
    ]
}

/// STREAM's triad, `a = b + scale * c`, which tells what the memory can do: by the same loop, on
/// the same slices and with the same instructions as the passes.
#[cfg(feature = "triad")]
#[must_use]
pub fn triad() -> Pass {
    Pass {
        name: "triad",
        read: 2,
        written: 1,
        operations: 2,
        run: |v, _| {
            let [] = rolling_ball::kernels::Wide::pass(
                Triad { scale: 0.5 },
                [v.third],
                [v.theta, v.gradient],
            );
            NO_SUMS
        },
    }
}

#[cfg(feature = "triad")]
#[derive(Clone, Copy)]
struct Triad {
    scale: f32,
}

#[cfg(feature = "triad")]
impl rolling_ball::kernels::Pass<1, 2, 0> for Triad {
    #[inline(always)]
    fn apply<V: rolling_ball::kernels::SimdVector>(
        self,
        _: [V; 1],
        [b, c]: [V; 2],
    ) -> ([V; 1], [V; 0]) {
        ([b + V::splat(self.scale) * c], [])
    }
}
