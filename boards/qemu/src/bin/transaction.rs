//! Learns spoken digits of a new speaker as a transaction, for `cargo xtask test`.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::firmware::{self, Aligned};
use qemu_board::{exit, instructions, print_line};
use rolling_ball::kernels::Scalar;
use scenario::transaction::{Memory, learn};
use static_cell::ConstStaticCell;

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("SPEAKERS_IMAGE")));

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[entry]
fn main() -> ! {
    let image = firmware::start(&IMAGE.0);
    let learned = learn(Scalar, &image, MEMORY.take(), instructions::elapsed);
    firmware::require(learned.map(|learned| {
        print_line!("{learned}");
        print_line!("instructions {}", learned.instructions);
    }));
    exit::success()
}
