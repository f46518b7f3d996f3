//! 8x8 digits seen by the device's own sensor, by a convolutional network that was imported: int8
//! convolutions in flash, the last layer trained. At most 256 KB of flash and 16 KB of RAM.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::firmware::{self, Aligned, VECTORS};
use rolling_ball::nn::{self, Memory};
use scenario::{LastLayer, last_layer};
use static_cell::ConstStaticCell;

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("LAST_LAYER_IMAGE")));

static MEMORY: ConstStaticCell<nn::memory!(LastLayer, VECTORS)> =
    ConstStaticCell::new(Memory::ZERO);

#[entry]
fn main() -> ! {
    firmware::run(&IMAGE.0, MEMORY.take(), last_layer)
}
