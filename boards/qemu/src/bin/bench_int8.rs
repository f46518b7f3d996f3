//! Counts the instructions of layers in int8, for `cargo xtask bench`.

#![no_std]
#![no_main]

use cortex_m::Peripherals;
use cortex_m_rt::entry;
use qemu_board::{exit, firmware, guard, instructions, print_line};
use scenario::int8_shapes::{Memory, count};
use static_cell::ConstStaticCell;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::ZERO);

#[entry]
fn main() -> ! {
    let Some(peripherals) = Peripherals::take() else { exit::failure() };
    guard::install(peripherals.MPU);
    instructions::start(peripherals.SYST);
    let tell = |counted| print_line!("{counted}");
    firmware::require(count(MEMORY.take(), instructions::elapsed, tell));
    exit::success()
}
