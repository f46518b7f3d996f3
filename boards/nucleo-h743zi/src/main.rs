//! Gestures learned on the Nucleo-H743ZI.

#![no_std]
#![no_main]

use cortex_m::peripheral::DWT;
use defmt_rtt as _;
use embassy_stm32::gpio::{Input, Level, Output, Pull, Speed};
use embassy_stm32::i2c::{self, I2c};
use embassy_stm32::rcc::{
    AHBPrescaler, APBPrescaler, Pll, PllDiv, PllMul, PllPreDiv, PllSource, Sysclk, VoltageScale,
};
use embassy_stm32::time::Hertz;
use gesture::{Accelerometer, App, Event, Memory};
use panic_probe as _;
use static_cell::ConstStaticCell;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

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

#[cortex_m_rt::entry]
fn main() -> ! {
    let Some(mut core) = cortex_m::Peripherals::take() else {
        defmt::panic!("the peripherals were taken before");
    };
    core.SCB.enable_icache();
    core.DCB.enable_trace();
    // Only the Cortex-M7 needs this: its counter is locked after a reset.
    DWT::unlock();
    core.DWT.enable_cycle_counter();
    let board = embassy_stm32::init(clocks());

    let button = Input::new(board.PC13, Pull::Down);
    let mut led = Output::new(board.PB0, Level::Low, Speed::Low);
    let mut config = i2c::Config::default();
    config.frequency = Hertz::khz(400);
    let bus = I2c::new_blocking(board.I2C1, board.PB8, board.PB9, config);

    let accelerometer = match Accelerometer::new(bus) {
        Ok(accelerometer) => accelerometer,
        Err(error) => defmt::panic!("no accelerometer: {}", error),
    };
    let button = || button.is_high();
    let mut app = match App::new(accelerometer, button, DWT::cycle_count, MEMORY.take()) {
        Ok(app) => app,
        Err(error) => defmt::panic!("{}", error),
    };
    defmt::info!("{} cycles a second; {}", 400_000_000, Event::Asked(app.asks()));
    loop {
        app.turn(&mut |event| {
            defmt::info!("{}", event);
            // The LED is lit while the program learns.
            match event {
                Event::Step { .. } => led.set_high(),
                Event::Learned(_) | Event::LearningFailed(_) => led.set_low(),
                _ => {}
            }
        });
    }
}
