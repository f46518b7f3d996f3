//! The board's watchdog. If it is not fed for too long, it ends the run with a failing code.

#![allow(unsafe_code)]

use super::peripherals::write;
use crate::{exit, print_line};
use cortex_m_rt::exception;

const WATCHDOG: usize = 0x4000_8000;
const LOAD: usize = WATCHDOG;
const CONTROL: usize = WATCHDOG + 0x8;
const CLEAR: usize = WATCHDOG + 0xc;
/// Turns its interrupt on, which the board makes the one that cannot be masked.
const START: u32 = 1;
/// How many ticks a millisecond has at 25 MHz.
const TICKS_PER_MILLISECOND: u32 = 25_000;

/// A watchdog that has been started; it cannot be stopped.
#[derive(Debug)]
pub struct Watchdog(());

impl Watchdog {
    /// Starts the watchdog, which must be fed at least this often.
    pub fn start(milliseconds: u32) -> Self {
        write(LOAD, milliseconds.saturating_mul(TICKS_PER_MILLISECOND));
        write(CONTROL, START);
        Self(())
    }

    /// Feeds the watchdog: the main loop is alive.
    pub fn feed(&mut self) {
        // Clearing the interrupt reloads the counter.
        write(CLEAR, 1);
    }
}

// SAFETY: the handler shares no data that a critical section protects, and never returns.
#[exception]
unsafe fn NonMaskableInt() -> ! {
    print_line!("the watchdog was not fed in time");
    exit::failure()
}
