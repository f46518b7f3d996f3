//! Learns 8x8 digits as the device's own sensor sees them, with an imported convolutional network:
//! its int8 convolutions are in flash, and the last layer is trained. The convolutions are
//! evaluated once for each of the labelled samples, and what they give is kept. It takes at most
//! 256 KB of flash and 16 KB of RAM.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::firmware::{self, Aligned, VECTORS};
use rolling_ball::nn::{self, Memory};
use rolling_ball_rehearsal::Buffers;
use scenario::{LastLayer, last_layer};
use static_cell::ConstStaticCell;

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("LAST_LAYER_IMAGE")));

static MEMORY: ConstStaticCell<nn::memory!(LastLayer, VECTORS)> =
    ConstStaticCell::new(Memory::ZERO);

/// The image has 50 labelled samples.
static FEATURES: ConstStaticCell<nn::features!(LastLayer, 50)> = ConstStaticCell::new([0; _]);

#[entry]
fn main() -> ! {
    let buffers = Buffers::from(MEMORY.take()).with_features(FEATURES.take());
    firmware::run(&IMAGE.0, buffers, last_layer)
}
