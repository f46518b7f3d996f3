//! Takes a slice through a loss on the device, for `cargo xtask test`.

#![no_std]
#![no_main]

use cortex_m::Peripherals;
use cortex_m_rt::entry;
use qemu_board::{exit, firmware, guard, instructions, print_line};
use scenario::slice::{Memory, look};
use static_cell::ConstStaticCell;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::ZERO);

#[entry]
fn main() -> ! {
    let Some(peripherals) = Peripherals::take() else { exit::failure() };
    guard::install(peripherals.MPU);
    instructions::start(peripherals.SYST);
    firmware::require(look(MEMORY.take(), instructions::elapsed, |seen| print_line!("{seen}")));
    exit::success()
}
