//! Gestures learned on the nRF52840 DK.

#![no_std]
#![no_main]

use cortex_m::peripheral::DWT;
use defmt_rtt as _;
use embedded_hal::digital::{InputPin, OutputPin};
use gesture::{Accelerometer, App, Event, Memory};
use nrf52840_hal::Clocks;
use nrf52840_hal::gpio::{Level, p0};
use nrf52840_hal::pac::Peripherals;
use nrf52840_hal::twim::{Frequency, Pins, Twim};
use panic_probe as _;
use static_cell::ConstStaticCell;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[cortex_m_rt::entry]
fn main() -> ! {
    let (Some(mut core), Some(board)) = (cortex_m::Peripherals::take(), Peripherals::take()) else {
        defmt::panic!("the peripherals were taken before");
    };
    core.DCB.enable_trace();
    core.DWT.enable_cycle_counter();
    Clocks::new(board.CLOCK).enable_ext_hfosc();

    let port = p0::Parts::new(board.P0);
    let mut button = port.p0_11.into_pullup_input();
    let mut led = port.p0_13.into_push_pull_output(Level::High);
    let scl = port.p0_27.into_floating_input().degrade();
    let sda = port.p0_26.into_floating_input().degrade();
    let bus = Twim::new(board.TWIM0, Pins { scl, sda }, Frequency::K400);

    let accelerometer = match Accelerometer::new(bus) {
        Ok(accelerometer) => accelerometer,
        Err(error) => defmt::panic!("no accelerometer: {}", error),
    };
    let button = || button.is_low().unwrap_or(false);
    let mut app = match App::new(accelerometer, button, DWT::cycle_count, MEMORY.take()) {
        Ok(app) => app,
        Err(error) => defmt::panic!("{}", error),
    };
    defmt::info!("{} cycles a second; {}", 64_000_000, Event::Asked(app.asks()));
    loop {
        app.turn(&mut |event| {
            defmt::info!("{}", event);
            // The LED is lit while the program learns; a low level lights it.
            let _ = match event {
                Event::Step { .. } => led.set_low(),
                Event::Learned(_) | Event::LearningFailed(_) => led.set_high(),
                _ => Ok(()),
            };
        });
    }
}
