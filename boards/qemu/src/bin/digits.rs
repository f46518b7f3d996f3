//! Learns 8x8 digits as the device's own sensor sees them, in at most 128 KB of flash and 64 KB of
//! RAM.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::firmware::{self, Aligned, VECTORS};
use rolling_ball::nn::{self, Memory};
use rolling_ball_rehearsal::whole;
use scenario::{Digits, DigitsTail};
use static_cell::ConstStaticCell;

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("DIGITS_IMAGE")));

static MEMORY: ConstStaticCell<nn::memory!(Digits, VECTORS)> = ConstStaticCell::new(Memory::ZERO);

#[entry]
fn main() -> ! {
    firmware::run(&IMAGE.0, MEMORY.take().into(), whole::<DigitsTail>)
}
