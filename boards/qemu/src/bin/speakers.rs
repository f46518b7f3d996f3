//! Learns spoken digits of a speaker whom the network has never heard, in at most 256 KB of RAM.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::firmware::{self, Aligned, VECTORS};
use rolling_ball::nn::{self, Memory};
use rolling_ball_rehearsal::whole;
use scenario::{Speakers, SpeakersTail};
use static_cell::ConstStaticCell;

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("SPEAKERS_IMAGE")));

static MEMORY: ConstStaticCell<nn::memory!(Speakers, VECTORS)> = ConstStaticCell::new(Memory::ZERO);

#[entry]
fn main() -> ! {
    firmware::run(&IMAGE.0, MEMORY.take().into(), whole::<SpeakersTail>)
}
