//! The Raspberry Pi Pico 2.

use core::fmt;
use core::ops::Range;
use cortex_m::asm;
use defmt_rtt as _;
use embassy_rp::flash::{self, Blocking};
use embassy_rp::peripherals::FLASH;
use panic_probe as _;

pub use defmt::info;

/// Where checkpoints lie in the flash, which memory.x leaves to them.
pub const CHECKPOINTS: Range<u32> = {{checkpoint_start}}..{{checkpoint_end}};

/// The flash that is on the board, of 4 MB.
pub type Flash = flash::Flash<'static, FLASH, Blocking, { 4 << 20 }>;

/// Takes the board.
pub fn start() -> Flash {
    let board = embassy_rp::init(embassy_rp::config::Config::default());
    Flash::new_blocking(board.FLASH)
}
