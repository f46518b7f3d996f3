//! Counts executed instructions: not cycles, which QEMU does not model.
//!
//! With `-icount shift=6` QEMU's time moves on by 64 ns with each instruction, whichever it is.
//! SysTick counts the core's clock, which differs by machine. Without that option, or while the core
//! sleeps (`wfi`), the number says nothing.

use crate::{exit, print_line};
use core::sync::atomic::{AtomicU32, Ordering, compiler_fence};
use cortex_m::peripheral::{SCB, SYST, syst::SystClkSource};
use cortex_m_rt::exception;

/// One instruction each 64 ns.
const INSTRUCTIONS_PER_SECOND: u64 = 15_625_000;

/// SysTick's clock, as `build.rs` says.
const TICKS_PER_SECOND: u64 = decimal(env!("SYSTICK_HZ"));

/// Instructions are ticks times the first over the second; the second is a power of two on every
/// machine, so that the division is a shift.
const RATIO: (u64, u64) = {
    let divisor = greatest_common_divisor(INSTRUCTIONS_PER_SECOND, TICKS_PER_SECOND);
    let (instructions, ticks) = (INSTRUCTIONS_PER_SECOND / divisor, TICKS_PER_SECOND / divisor);
    assert!(ticks.is_power_of_two());
    (instructions, ticks)
};

/// SysTick is a 24-bit counter, and counts down.
const LARGEST: u32 = 0x00ff_ffff;

/// How often SysTick has come to zero.
static WRAPS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    // The only writer once the count has started: load and store need no exchange.
    WRAPS.store(WRAPS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

/// Starts the count at about zero; owns SysTick from now on. Ends the run with a failure where a loop
/// of known length shows that the count is wrong.
pub fn start(mut systick: SYST) {
    systick.set_clock_source(SystClkSource::Core);
    systick.set_reload(LARGEST);
    systick.clear_current();
    SCB::clear_pendst();
    WRAPS.store(0, Ordering::Relaxed);
    systick.enable_interrupt();
    systick.enable_counter();
    check();
}

/// Instructions executed since [`start`], or 0 before it.
///
/// A difference of two values is exact to a few instructions, and includes the call itself (some
/// fifty) and the SysTick handler (eight in each 8 to 16 million). It may be called with interrupts
/// off, if they are not off for longer than 8 million instructions.
///
/// Pure arithmetic may move across the call: hold what is measured with [`core::hint::black_box`].
// Never inlined, so that each call costs the same.
#[inline(never)]
pub fn elapsed() -> u64 {
    if SYST::get_reload() == 0 {
        return 0;
    }
    // Nothing that touches memory moves across.
    compiler_fence(Ordering::SeqCst);
    let ticks = ticks();
    compiler_fence(Ordering::SeqCst);
    ticks * RATIO.0 / RATIO.1
}

fn check() {
    const LOOP: u32 = 100_000;
    /// Of the two calls around it.
    const CALLS: u32 = 400;
    let start = elapsed();
    // Two instructions a turn.
    cortex_m::asm::delay(LOOP / 2);
    let counted = elapsed() - start;
    if !(u64::from(LOOP)..u64::from(LOOP + CALLS)).contains(&counted) {
        print_line!(
            "a loop of {LOOP} instructions was counted as {counted}: \
             run QEMU with -icount shift=6, and see the clock of this machine in build.rs"
        );
        exit::failure()
    }
}

fn ticks() -> u64 {
    loop {
        let wraps = WRAPS.load(Ordering::Relaxed);
        let pending = SCB::is_pendst_pending();
        let current = SYST::get_current();
        let unchanged =
            pending == SCB::is_pendst_pending() && wraps == WRAPS.load(Ordering::Relaxed);
        // At zero the wrap may be noted or not; a tick later it surely is.
        if unchanged && current != 0 {
            let wraps = u64::from(wraps) + u64::from(pending);
            return wraps * u64::from(LARGEST + 1) + u64::from(LARGEST + 1 - current);
        }
    }
}

const fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

const fn decimal(text: &str) -> u64 {
    match u64::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("SYSTICK_HZ is not a number"),
    }
}
