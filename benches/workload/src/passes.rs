//! Every pass over memory, with what it moves and what it computes.

use crate::slices::Slices;
use rolling_ball::kernels::{AdamCoefficients, Kernels};
use std::hint::black_box;

/// A pass over slices.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// That of the kernel.
    pub name: &'static str,
    /// Slices that it reads.
    pub read: u64,
    /// Slices that it writes, read or not.
    pub written: u64,
    /// Floating-point operations an element: additions, subtractions, multiplications, divisions, roots.
    pub operations: u64,
    /// Does it.
    pub run: fn(&mut Slices),
}

impl Pass {
    /// Bytes that it reads and writes an element. As STREAM counts: without the reads that a cache makes to fill a line
    /// that is to be written.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        size_of::<f32>() as u64 * (self.read + self.written)
    }
}

const RATE: f32 = 1e-9;
const ADAM: AdamCoefficients = AdamCoefficients {
    beta1: 0.9,
    beta2: 0.999,
    rate: RATE,
    second_correction: 1.0,
    epsilon: 1e-8,
    decay: 0.0,
};

/// All passes of these kernels.
#[must_use]
pub fn passes<K: Kernels>() -> [Pass; 16] {
    let pass = |name, [read, written]: [u64; 2], operations, run| Pass {
        name,
        read,
        written,
        operations,
        run,
    };
    [
        pass("dot", [2, 0], 2, |s| {
            black_box(K::dot(&s.theta, &s.gradient));
        }),
        pass("squared_norms", [2, 0], 4, |s| {
            black_box(K::squared_norms(&s.theta, &s.gradient));
        }),
        pass("footpoint_sums", [3, 0], 7, |s| {
            black_box(K::footpoint_sums(&s.theta, &s.second, &s.gradient));
        }),
        pass("contact_sums", [3, 0], 8, |s| {
            black_box(K::contact_sums(&s.theta, &s.second, &s.gradient));
        }),
        pass("add_scaled", [2, 1], 2, |s| K::add_scaled(&mut s.theta, RATE, &s.gradient)),
        pass("scale_into", [1, 1], 1, |s| K::scale_into(&mut s.theta, 0.5, &s.gradient)),
        pass("interpolate_into", [2, 1], 3, |s| {
            K::interpolate_into(&mut s.gradient, &s.theta, &s.second, 0.5);
        }),
        pass("displace", [2, 2], 4, |s| {
            K::displace(&mut s.theta, &mut s.second, &s.gradient, RATE, 0.1);
        }),
        // These leave the old theta in the gradient: the next pass reads that for a gradient.
        pass("gauss_newton_move", [3, 2], 4, |s| {
            K::gauss_newton_move(&mut s.theta, &s.second, &mut s.gradient, RATE);
        }),
        pass("project", [3, 2], 5, |s| {
            K::project(&mut s.theta, &s.second, &mut s.gradient, RATE, 1.0);
        }),
        pass("roll", [3, 3], 8, |s| {
            black_box(K::roll(&mut s.theta, &mut s.second, &mut s.gradient, RATE, 0.1));
        }),
        pass("descend", [2, 2], 6, |s| {
            black_box(K::descend(&mut s.theta, &mut s.gradient, RATE));
        }),
        pass("descend_with_momentum", [3, 3], 7, |s| {
            let (theta, velocity, gradient) = (&mut s.theta, &mut s.second, &mut s.gradient);
            black_box(K::descend_with_momentum(theta, velocity, gradient, RATE, 0.5, false));
        }),
        pass("adam", [4, 4], 18, |s| {
            let (theta, gradient) = (&mut s.theta, &mut s.gradient);
            black_box(K::adam(theta, &mut s.second, &mut s.third, gradient, ADAM));
        }),
        pass("perturb", [2, 2], 2, |s| {
            K::perturb(&mut s.theta, &mut s.second, &s.gradient, RATE);
        }),
        pass("descend_from", [2, 1], 2, |s| {
            K::descend_from(&mut s.theta, &s.second, &s.gradient, RATE);
        }),
    ]
}

/// STREAM's triad, `a = b + scale * c`, which tells what the memory can do: by the same loop, on the same slices and
/// with the same instructions as the passes.
#[cfg(feature = "triad")]
#[must_use]
pub fn triad() -> Pass {
    Pass {
        name: "triad",
        read: 2,
        written: 1,
        operations: 2,
        run: |s| {
            let [] = rolling_ball::kernels::Wide::pass(
                Triad { scale: 0.5 },
                [&mut s.third],
                [&s.theta, &s.gradient],
            );
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
    fn apply<V: rolling_ball::kernels::Vector>(
        self,
        _: [V; 1],
        [b, c]: [V; 2],
    ) -> ([V; 1], [V; 0]) {
        ([b + V::splat(self.scale) * c], [])
    }
}
