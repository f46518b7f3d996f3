//! The Nucleo-H743ZI.

use core::fmt;
use core::ops::Range;
use cortex_m::{Peripherals, asm};
use defmt_rtt as _;
use embassy_stm32::flash::{self, Blocking};
use embassy_stm32::rcc::{
    AHBPrescaler, APBPrescaler, Pll, PllDiv, PllMul, PllPreDiv, PllSource, Sysclk, VoltageScale,
};
use panic_probe as _;

pub use defmt::info;

/// Where checkpoints lie in the flash, which memory.x leaves to them.
pub const CHECKPOINTS: Range<u32> = {{checkpoint_start}}..{{checkpoint_end}};

pub type Flash = flash::Flash<'static, Blocking>;

/// Takes the board.
pub fn start() -> Flash {
    let Some(mut core) = Peripherals::take() else {
        defmt::panic!("the peripherals were taken before");
    };
    core.SCB.enable_icache();
    let board = embassy_stm32::init(clocks());
    Flash::new_blocking(board.FLASH)
}

/// 400 MHz from the internal oscillator of 64 MHz; the buses run at a half and a quarter of that.
fn clocks() -> embassy_stm32::Config {
    let mut config = embassy_stm32::Config::default();
    config.rcc.pll1 = Some(Pll {
        source: PllSource::HSI,
        prediv: PllPreDiv::DIV4,
        mul: PllMul::MUL50,
        fracn: None,
        divp: Some(PllDiv::DIV2),
        divq: None,
        divr: None,
    });
    config.rcc.sys = Sysclk::PLL1_P;
    config.rcc.ahb_pre = AHBPrescaler::DIV2;
    config.rcc.apb1_pre = APBPrescaler::DIV2;
    config.rcc.apb2_pre = APBPrescaler::DIV2;
    config.rcc.apb3_pre = APBPrescaler::DIV2;
    config.rcc.apb4_pre = APBPrescaler::DIV2;
    config.rcc.voltage_scale = VoltageScale::Scale1;
    config
}
