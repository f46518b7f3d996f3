//! The Nucleo-F446RE.

use core::fmt;
use core::ops::Range;
use cortex_m::{asm, singleton};
use defmt_rtt as _;
use panic_probe as _;
use stm32f4xx_hal::flash::{FlashExt, UnlockedFlash};
use stm32f4xx_hal::pac::{FLASH, Peripherals};
use stm32f4xx_hal::{prelude::*, rcc};

pub use defmt::info;

/// Where checkpoints lie in the flash, which memory.x leaves to them.
pub const CHECKPOINTS: Range<u32> = {{checkpoint_start}}..{{checkpoint_end}};

pub type Flash = UnlockedFlash<'static>;

/// Takes the board, at its highest clock.
pub fn start() -> Flash {
    let Some(board) = Peripherals::take() else {
        defmt::panic!("the peripherals were taken before");
    };
    board.RCC.freeze(rcc::Config::hsi().sysclk(180.MHz()));
    let Some(flash) = singleton!(: FLASH = board.FLASH) else {
        defmt::panic!("the flash was taken before");
    };
    flash.unlocked()
}
