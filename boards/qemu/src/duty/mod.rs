//! What a product does besides learning: it takes a reading each millisecond, and feeds a watchdog.
//!
//! The peripherals are those of Arm's MPS2 boards: a timer that marks each millisecond, a
//! free-running clock that tells when a reading was taken, and a watchdog that ends the run when it
//! is not fed.

mod interrupt;
mod main_loop;
mod peripherals;
mod watchdog;

pub use interrupt::{TIMER_INTERRUPT, on_tick, start_interrupts, take_waiting};
pub use main_loop::{account, attend, start_main_loop};
pub use peripherals::{acknowledge_tick, clock, is_tick_pending, start_ticks};
pub use watchdog::Watchdog;

use crate::instructions;
use peripherals::TICKS_PER_READING;
use rolling_ball_rehearsal::{Event, hash};

/// The account of the duty: the readings taken and missed, and how long the main loop was away.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    readings: u32,
    missed: u32,
    started: u32,
    last: u64,
    longest_gap: u64,
}

impl Account {
    /// Opens an account that starts now.
    pub fn open() -> Self {
        let last = instructions::elapsed();
        Self { readings: 0, missed: 0, started: clock(), last, longest_gap: 0 }
    }

    /// Notes that a reading was taken at this time of the clock.
    pub fn take(&mut self, time: u32) {
        let millisecond = time.wrapping_sub(self.started) / TICKS_PER_READING;
        let due = self.readings + self.missed + 1;
        self.missed += millisecond.saturating_sub(due);
        self.readings += 1;
    }

    /// Notes that the main loop is back.
    pub fn mark(&mut self) {
        let now = instructions::elapsed();
        self.longest_gap = self.longest_gap.max(now - self.last);
        self.last = now;
    }

    /// Closes the account, with the theta that was trained meanwhile.
    pub fn close(self, theta: &[f32]) -> Event {
        let Self { readings, missed, longest_gap, .. } = self;
        let longest_gap = u32::try_from(longest_gap).unwrap_or(u32::MAX);
        Event::Duty { readings, missed, longest_gap, hash: hash(theta) }
    }
}
