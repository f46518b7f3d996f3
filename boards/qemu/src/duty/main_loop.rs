//! What a main loop owes besides learning, where the pauses of a step can reach it.

use super::{Account, Watchdog};
use core::cell::RefCell;
use critical_section::Mutex;

static MAIN_LOOP: Mutex<RefCell<Option<(Account, Watchdog)>>> = Mutex::new(RefCell::new(None));

/// Starts the account, and a watchdog that waits for two milliseconds.
pub fn start_main_loop() {
    let duties = (Account::open(), Watchdog::start(2));
    critical_section::with(|section| MAIN_LOOP.borrow_ref_mut(section).replace(duties));
}

/// The main loop is back: it feeds the watchdog, and takes the readings that there are.
pub fn attend(take_readings: impl FnOnce(&mut Account)) {
    critical_section::with(|section| {
        if let Some((account, watchdog)) = MAIN_LOOP.borrow_ref_mut(section).as_mut() {
            account.mark();
            watchdog.feed();
            take_readings(account);
        }
    });
}

/// The account so far, where there is one.
pub fn account() -> Option<Account> {
    critical_section::with(|section| {
        MAIN_LOOP.borrow_ref(section).as_ref().map(|(account, _)| *account)
    })
}
