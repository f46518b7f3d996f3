//! The nRF52840 DK.

use core::fmt;
use core::ops::Range;
use core::{ptr, slice};
use cortex_m::asm;
use defmt_rtt as _;
use nrf52840_hal::nvmc::Nvmc;
use nrf52840_hal::pac::{NVMC, Peripherals};
use panic_probe as _;

pub use defmt::info;

/// Where checkpoints lie in the part of the flash that is theirs.
pub const CHECKPOINTS: Range<u32> = 0..{{checkpoint_bytes}};
/// That part, which memory.x leaves to them.
const ADDRESS: usize = {{checkpoint_address}};

pub type Flash = Nvmc<NVMC>;

/// Takes the board.
pub fn start() -> Flash {
    let Some(board) = Peripherals::take() else {
        defmt::panic!("the peripherals were taken before");
    };
    // SAFETY: nothing else refers to this part of the flash.
    let storage = unsafe {
        let start = ptr::with_exposed_provenance_mut(ADDRESS);
        slice::from_raw_parts_mut(start, CHECKPOINTS.end as usize)
    };
    Nvmc::new(board.NVMC, storage)
}
