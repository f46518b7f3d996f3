//! Counts executed instructions. These are not cycles, which QEMU does not model.
//!
//! With `-icount shift=N`, QEMU's time moves on by 2^N nanoseconds with each instruction, whichever
//! it is. SysTick counts the core's clock, which differs from machine to machine. Without that
//! option, or while the core sleeps (`wfi`), the number means nothing.

use crate::{exit, print_line};
use core::sync::atomic::{AtomicU32, Ordering, compiler_fence};
use cortex_m::peripheral::{SCB, SYST, syst::SystClkSource};
use cortex_m_rt::exception;

/// How many quarters of a nanosecond a tick of SysTick takes; `build.rs` knows its clock.
const QUARTERS_PER_TICK: u64 = {
    let hertz = decimal(env!("SYSTICK_HZ"));
    assert!(
        4_000_000_000 % hertz == 0,
        "expected a clock whose tick is a whole number of quarters"
    );
    4_000_000_000 / hertz
};

/// The possible values of `N` in `-icount shift=N`; the largest is found last.
const SHIFTS: core::ops::RangeInclusive<u32> = 0..=10;

/// The value that was found at the start.
static SHIFT: AtomicU32 = AtomicU32::new(0);

/// SysTick is a 24-bit counter that counts down.
const LARGEST: u32 = 0x00ff_ffff;

/// How often SysTick has reached zero.
static WRAPS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    // This is the only writer once the count has started, so load and store need no exchange.
    WRAPS.store(WRAPS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

/// Starts the count at about zero, and owns SysTick from now on. Ends the run with a failure where
/// no shift counts a loop of known length correctly.
pub fn start(mut systick: SYST) {
    systick.set_clock_source(SystClkSource::Core);
    systick.set_reload(LARGEST);
    systick.clear_current();
    SCB::clear_pendst();
    WRAPS.store(0, Ordering::Relaxed);
    systick.enable_interrupt();
    systick.enable_counter();
    calibrate();
}

/// The instructions executed since [`start`], or 0 before it.
///
/// A difference of two values is exact to a few instructions. It includes the call itself (some
/// fifty) and the SysTick handler (eight in each 8 to 16 million). It may be called with interrupts
/// off, if they are not off for longer than 8 million instructions.
///
/// Pure arithmetic may move across the call: hold what is measured with [`core::hint::black_box`].
// It is never inlined, so that each call costs the same, and so that `cargo xtask` finds its calls
// in a trace.
#[inline(never)]
pub fn elapsed() -> u64 {
    if SYST::get_reload() == 0 {
        return 0;
    }
    // Nothing that touches memory may move across this.
    compiler_fence(Ordering::SeqCst);
    let nanoseconds = nanoseconds();
    compiler_fence(Ordering::SeqCst);
    nanoseconds >> SHIFT.load(Ordering::Relaxed)
}

/// Returns what the work returns, and its instructions without those of counting.
pub fn count<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let start = elapsed();
    let empty = elapsed() - start;
    let start = elapsed();
    let result = work();
    (result, (elapsed() - start).saturating_sub(empty))
}

/// Finds the shift at which a loop of known length is counted correctly.
fn calibrate() {
    const LOOP: u32 = 100_000;
    /// The instructions of the two calls around the loop.
    const CALLS: u32 = 400;
    let start = nanoseconds();
    // A turn of the loop takes two instructions.
    cortex_m::asm::delay(LOOP / 2);
    let nanoseconds = nanoseconds() - start;
    let expected = u64::from(LOOP)..u64::from(LOOP + CALLS);
    match SHIFTS.into_iter().find(|shift| expected.contains(&(nanoseconds >> shift))) {
        Some(shift) => SHIFT.store(shift, Ordering::Relaxed),
        None => {
            print_line!(
                "a loop of {LOOP} instructions took {nanoseconds} ns: run QEMU with -icount \
                 shift=6, and see the clock of this machine in build.rs"
            );
            exit::failure()
        }
    }
}

fn nanoseconds() -> u64 {
    (ticks() * QUARTERS_PER_TICK) >> 2
}

fn ticks() -> u64 {
    loop {
        let wraps = WRAPS.load(Ordering::Relaxed);
        let pending = SCB::is_pendst_pending();
        let current = SYST::get_current();
        let unchanged =
            pending == SCB::is_pendst_pending() && wraps == WRAPS.load(Ordering::Relaxed);
        // At zero the wrap may or may not have been noted; a tick later it surely is.
        if unchanged && current != 0 {
            let wraps = u64::from(wraps) + u64::from(pending);
            return wraps * u64::from(LARGEST + 1) + u64::from(LARGEST + 1 - current);
        }
    }
}

const fn decimal(text: &str) -> u64 {
    match u64::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("SYSTICK_HZ is not a number"),
    }
}
