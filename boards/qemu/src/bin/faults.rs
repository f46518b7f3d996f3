//! Goes wrong in the way that its command line names, so that the tests can see that nothing hangs
//! and everything is reported.

#![no_std]
#![no_main]
#![allow(unsafe_code)]

use core::hint::black_box;
use cortex_m::Peripherals;
use cortex_m_rt::entry;
use qemu_board::command_line::command_line;
use qemu_board::{exit, guard, print_line};

fn overflow(depth: u32) -> u32 {
    let frame = black_box([depth; 16]);
    let below = if black_box(true) { overflow(depth + 1) } else { 0 };
    below + frame.iter().sum::<u32>()
}

/// This is larger than the whole stack.
#[inline(never)]
fn large_frame() {
    black_box([0u8; 8192]);
}

#[entry]
fn main() -> ! {
    if let Some(peripherals) = Peripherals::take() {
        guard::install(peripherals.MPU);
    }
    match command_line(&mut [0; 16]) {
        b"panic" => panic!("a panic, as asked for"),
        b"fault" => {
            let nowhere = core::ptr::with_exposed_provenance::<u32>(0x2f00_0000);
            // SAFETY: there is none; this read is meant to fault.
            black_box(unsafe { nowhere.read_volatile() });
        }
        b"overflow" => {
            black_box(overflow(0));
        }
        b"large_frame" => large_frame(),
        other => {
            print_line!("no fault is called {:?}", str::from_utf8(other));
            exit::failure()
        }
    }
    exit::success()
}
