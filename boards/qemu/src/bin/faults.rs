//! Goes wrong in the way that its image names, for the tests to see that nothing hangs and all is told.

#![no_std]
#![no_main]
#![allow(unsafe_code)]

use core::hint::black_box;
use cortex_m::Peripherals;
use cortex_m_rt::entry;
use qemu_board::{exit, guard};

static IMAGE: &[u8] = include_bytes!(env!("IMAGE_PATH"));

fn overflow(depth: u32) -> u32 {
    let frame = black_box([depth; 16]);
    let below = if black_box(true) { overflow(depth + 1) } else { 0 };
    below + frame.iter().sum::<u32>()
}

#[entry]
fn main() -> ! {
    if let Some(peripherals) = Peripherals::take() {
        guard::install(peripherals.MPU);
    }
    match black_box(IMAGE) {
        b"panic" => panic!("a panic, as asked for"),
        b"fault" => {
            let nowhere = core::ptr::with_exposed_provenance::<u32>(0xf000_0000);
            // SAFETY: none; this read is to fault.
            black_box(unsafe { nowhere.read_volatile() });
        }
        b"overflow" => {
            black_box(overflow(0));
        }
        _ => {}
    }
    exit::success()
}
