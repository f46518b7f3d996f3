//! Prints the cycles of a training step, as the cycle counter of the core has them: those that
//! `cargo xtask bench --only mcu` estimates. The core runs at 16 MHz, where its flash needs no wait
//! states; so it is in the estimate.

#![no_std]
#![no_main]

use cortex_m::peripheral::DWT;
use defmt_rtt as _;
use panic_probe as _;
use scenario::training_step::{Counted, Memory, count};
use static_cell::ConstStaticCell;
use stm32f4xx_hal::{pac::Peripherals, prelude::*, rcc};

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::ZERO);

#[cortex_m_rt::entry]
fn main() -> ! {
    let (Some(mut core), Some(board)) = (cortex_m::Peripherals::take(), Peripherals::take()) else {
        defmt::panic!("the peripherals were taken before");
    };
    core.DCB.enable_trace();
    core.DWT.enable_cycle_counter();
    let rcc = board.RCC.freeze(rcc::Config::hsi());
    defmt::info!("{} cycles a second", rcc.clocks.sysclk().raw());
    let tell = |Counted { network, batch, optimizer, spent, hash }| {
        defmt::info!(
            "{}, batch {}, {}: {} cycles, hash {}",
            network,
            batch,
            optimizer,
            spent,
            hash
        );
    };
    if count(MEMORY.take(), cycles, tell).is_err() {
        defmt::panic!("a step was refused");
    }
    defmt::info!("done");
    loop {
        cortex_m::asm::wfi();
    }
}

/// The counter goes around after four minutes at this clock.
fn cycles() -> u64 {
    u64::from(DWT::cycle_count())
}
