//! Gestures learned on the Nucleo-F446RE.

#![no_std]
#![no_main]

use cortex_m::peripheral::DWT;
use defmt_rtt as _;
use gesture::{Accelerometer, App, Event, Memory};
use panic_probe as _;
use static_cell::ConstStaticCell;
use stm32f4xx_hal::{i2c::I2c, pac::Peripherals, prelude::*, rcc};

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[cortex_m_rt::entry]
fn main() -> ! {
    let (Some(mut core), Some(board)) = (cortex_m::Peripherals::take(), Peripherals::take()) else {
        defmt::panic!("the peripherals were taken before");
    };
    core.DCB.enable_trace();
    core.DWT.enable_cycle_counter();
    let mut rcc = board.RCC.freeze(rcc::Config::hsi().sysclk(180.MHz()));

    let (a, b, c) =
        (board.GPIOA.split(&mut rcc), board.GPIOB.split(&mut rcc), board.GPIOC.split(&mut rcc));
    let button = c.pc13.into_input();
    let mut led = a.pa5.into_push_pull_output();
    let bus = I2c::new(board.I2C1, (b.pb8, b.pb9), 400.kHz(), &mut rcc);

    let accelerometer = match Accelerometer::new(bus) {
        Ok(accelerometer) => accelerometer,
        Err(error) => defmt::panic!("no accelerometer: {}", error),
    };
    let button = || button.is_low();
    let mut app = match App::new(accelerometer, button, DWT::cycle_count, MEMORY.take()) {
        Ok(app) => app,
        Err(error) => defmt::panic!("{}", error),
    };
    defmt::info!("{} cycles a second; {}", rcc.clocks.sysclk().raw(), Event::Asked(app.asks()));
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
