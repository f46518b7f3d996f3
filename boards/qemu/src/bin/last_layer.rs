//! 8x8 digits seen by the device's own sensor, by a convolutional network that was imported: int8 convolutions in flash,
//! the last layer trained. At most 256 KB of flash and 16 KB of RAM.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::firmware::{self, Aligned, Buffers};
use scenario::{LastLayer, last_layer};
use static_cell::ConstStaticCell;

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("LAST_LAYER_IMAGE")));

static BUFFERS: ConstStaticCell<Buffers<{ LastLayer::PARAMETERS }, { LastLayer::SCRATCH }>> =
    ConstStaticCell::new(Buffers::ZERO);

#[entry]
fn main() -> ! {
    firmware::run(&IMAGE.0, BUFFERS.take(), last_layer)
}
