//! Gestures learned on the Raspberry Pi Pico 2.

#![no_std]
#![no_main]

use cortex_m::peripheral::DWT;
use defmt_rtt as _;
use embedded_hal::digital::{InputPin, OutputPin};
use gesture::{Accelerometer, App, Event, Memory};
use panic_probe as _;
use rp235x_hal::clocks::init_clocks_and_plls;
use rp235x_hal::fugit::RateExtU32;
use rp235x_hal::gpio::{FunctionI2C, Pin, Pins, PullUp};
use rp235x_hal::pac::Peripherals;
use rp235x_hal::{Clock, I2C, Sio, Watchdog, block::ImageDef};
use static_cell::ConstStaticCell;

/// The frequency of the board's crystal.
const CRYSTAL_HERTZ: u32 = 12_000_000;

/// Tells the boot ROM what to start: a secure program for the Arm cores.
#[allow(unsafe_code)]
#[unsafe(link_section = ".start_block")]
#[used]
static IMAGE_DEFINITION: ImageDef = ImageDef::secure_exe();

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[rp235x_hal::entry]
fn main() -> ! {
    let (Some(mut core), Some(mut board)) = (cortex_m::Peripherals::take(), Peripherals::take())
    else {
        defmt::panic!("the peripherals were taken before");
    };
    core.DCB.enable_trace();
    core.DWT.enable_cycle_counter();
    let mut watchdog = Watchdog::new(board.WATCHDOG);
    let Ok(clocks) = init_clocks_and_plls(
        CRYSTAL_HERTZ,
        board.XOSC,
        board.CLOCKS,
        board.PLL_SYS,
        board.PLL_USB,
        &mut board.RESETS,
        &mut watchdog,
    ) else {
        defmt::panic!("the clocks do not start");
    };

    let sio = Sio::new(board.SIO);
    let pins = Pins::new(board.IO_BANK0, board.PADS_BANK0, sio.gpio_bank0, &mut board.RESETS);
    let mut button = pins.gpio15.into_pull_up_input();
    let mut led = pins.gpio25.into_push_pull_output();
    let sda: Pin<_, FunctionI2C, PullUp> = pins.gpio4.reconfigure();
    let scl: Pin<_, FunctionI2C, PullUp> = pins.gpio5.reconfigure();
    let system_clock = &clocks.system_clock;
    let bus = I2C::i2c0(board.I2C0, sda, scl, 400.kHz(), &mut board.RESETS, system_clock);

    let accelerometer = match Accelerometer::new(bus) {
        Ok(accelerometer) => accelerometer,
        Err(error) => defmt::panic!("no accelerometer: {}", error),
    };
    let button = || button.is_low().unwrap_or(false);
    let mut app = match App::new(accelerometer, button, DWT::cycle_count, MEMORY.take()) {
        Ok(app) => app,
        Err(error) => defmt::panic!("{}", error),
    };
    defmt::info!("{} cycles a second; {}", system_clock.freq().raw(), Event::Asked(app.asks()));
    loop {
        app.turn(&mut |event| {
            defmt::info!("{}", event);
            // The LED is lit while the program learns.
            let _ = match event {
                Event::Step { .. } => led.set_high(),
                Event::Learned(_) | Event::LearningFailed(_) => led.set_low(),
                _ => Ok(()),
            };
        });
    }
}
