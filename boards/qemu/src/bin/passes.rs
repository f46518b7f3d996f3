//! Hashes what the passes over vectors of every length give, for `cargo xtask test`.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::{exit, print_line};
use rolling_ball::kernels::Scalar;
use scenario::passes::{Memory, hash_of_passes};
use static_cell::ConstStaticCell;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::ZERO);

#[entry]
fn main() -> ! {
    print_line!("{:08x}", hash_of_passes::<Scalar>(MEMORY.take()));
    exit::success()
}
