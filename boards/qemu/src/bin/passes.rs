//! Hashes what the passes over vectors of every length give, for `cargo xtask test`. Kernels that
//! pause must give the same.

#![no_std]
#![no_main]

use core::hint::black_box;
use cortex_m_rt::entry;
use qemu_board::{exit, print_line};
use rolling_ball::kernels::{Pause, Pausing, Scalar};
use scenario::passes::{Memory, hash_of_passes};
use static_cell::ConstStaticCell;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::ZERO);

struct Duty;

impl Pause for Duty {
    fn pause() {
        black_box(());
    }
}

#[entry]
fn main() -> ! {
    let memory = MEMORY.take();
    let hash = hash_of_passes::<Scalar>(memory);
    let paused = hash_of_passes::<Pausing<Duty>>(memory);
    if paused != hash {
        print_line!("{hash:08x}, but {paused:08x} with pauses");
        exit::failure();
    }
    print_line!("{hash:08x}");
    exit::success()
}
