//! Says whether a kernel computes with subnormal numbers or flushes them to zero.

#![no_std]
#![no_main]

use core::hint::black_box;
use cortex_m_rt::entry;
use qemu_board::{exit, print_line};
use rolling_ball::kernels::{Scalar, VectorOps};

#[entry]
fn main() -> ! {
    let mut halves = [0.0; 16];
    let smallest_normal = [f32::MIN_POSITIVE; 16];
    Scalar::add_scaled(black_box(&mut halves), black_box(0.5), black_box(&smallest_normal));
    // They are compared by their bits, since a comparison of floats may flush too.
    match halves.map(f32::to_bits) {
        bits if bits == [f32::MIN_POSITIVE.to_bits() / 2; 16] => print_line!("subnormals are kept"),
        bits if bits == [0; 16] => print_line!("subnormals are flushed"),
        _ => print_line!("subnormals are neither kept nor flushed"),
    }
    exit::success()
}
