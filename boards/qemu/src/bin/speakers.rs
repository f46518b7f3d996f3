//! Spoken digits of a speaker whom the network has never heard: at most 256 KB of RAM.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::firmware::{self, Aligned, Buffers};
use rolling_ball_rehearsal::whole;
use scenario::{Speakers, SpeakersTail};
use static_cell::ConstStaticCell;

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("SPEAKERS_IMAGE")));

static BUFFERS: ConstStaticCell<Buffers<{ Speakers::PARAMETERS }, { Speakers::SCRATCH }>> =
    ConstStaticCell::new(Buffers::ZERO);

#[entry]
fn main() -> ! {
    firmware::run(&IMAGE.0, BUFFERS.take(), whole::<SpeakersTail>)
}
