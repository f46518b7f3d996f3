//! Learns spoken digits of a speaker whom the convolutional network has never heard, training all
//! of it, in at most 128 KB of RAM.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::firmware::{self, Aligned, VECTORS};
use rolling_ball::nn::{self, Memory};
use rolling_ball_rehearsal::whole;
use scenario::{SpeakersCnn, SpeakersCnnTail};
use static_cell::ConstStaticCell;

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("SPEAKERS_CNN_IMAGE")));

static MEMORY: ConstStaticCell<nn::memory!(SpeakersCnn, VECTORS)> =
    ConstStaticCell::new(Memory::ZERO);

#[entry]
fn main() -> ! {
    firmware::run(&IMAGE.0, MEMORY.take().into(), whole::<SpeakersCnnTail>)
}
