//! An application may turn on overflow checks in libm and micromath too. No float makes one of them
//! fail.

#[cfg(feature = "micromath")]
use rolling_ball::{Math, Micromath};
use std::hint::black_box;
use std::thread;

/// Those of one float that this library calls.
const FUNCTIONS: [fn(f32) -> f32; 9] = [
    ::libm::cosf,
    ::libm::erff,
    ::libm::expf,
    ::libm::log1pf,
    ::libm::logf,
    ::libm::rintf,
    ::libm::sinf,
    ::libm::sqrtf,
    ::libm::tanhf,
];

#[cfg(feature = "micromath")]
const SMALL: [fn(f32) -> f32; 5] =
    [Micromath::exp, Micromath::ln, Micromath::ln_1p, Micromath::tanh, Micromath::erf];
#[cfg(not(feature = "micromath"))]
const SMALL: [fn(f32) -> f32; 0] = [];

/// Proves something only in a build with overflow checks.
#[test]
#[ignore = "takes minutes: cargo xtask test panics --long"]
fn no_float_overflows_an_integer_in_a_function_of_floats() {
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let share = (1 << 32) / threads + 1;
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for bits in (thread * share..(thread + 1) * share).map(|bits| bits as u32) {
                    for function in FUNCTIONS.iter().chain(&SMALL) {
                        black_box(function(f32::from_bits(bits)));
                    }
                }
            });
        }
    });
}
