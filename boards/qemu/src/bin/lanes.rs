//! Counts the instructions of a dot product by the number of its lanes. `kernels::LANES` was chosen
//! from these counts.

#![no_std]
#![no_main]

use core::hint::black_box;
use cortex_m::Peripherals;
use cortex_m_rt::entry;
use qemu_board::{exit, instructions, print_line};
use scenario::dot_with_lanes;

/// The lengths of rows in the demo's networks, and of a whole theta.
const LENGTHS: [usize; 5] = [8, 16, 64, 320, 2410];

static VALUES: [f32; 2410] = [0.5; 2410];

fn measure<const L: usize>() {
    for length in LENGTHS {
        let Some(values) = VALUES.get(..length) else { continue };
        let start = instructions::elapsed();
        let empty = instructions::elapsed() - start;
        let start = instructions::elapsed();
        black_box(dot_with_lanes::<L>(black_box(values), black_box(values)));
        let spent = instructions::elapsed() - start - empty;
        print_line!("lanes {L} length {length} instructions {spent}");
    }
}

#[entry]
fn main() -> ! {
    let Some(peripherals) = Peripherals::take() else { exit::failure() };
    instructions::start(peripherals.SYST);
    measure::<1>();
    measure::<2>();
    measure::<4>();
    measure::<8>();
    measure::<16>();
    measure::<32>();
    exit::success()
}
