//! Multiplies bytes by this core's own form of the loops, and tells the hash of all sums.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::{exit, print_line};
use scenario::byte_products::hash;

#[entry]
fn main() -> ! {
    print_line!("byte products {:08x}", hash());
    exit::success()
}
