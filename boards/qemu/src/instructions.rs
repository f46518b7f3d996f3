//! Counts executed instructions: not cycles, which QEMU does not model.
//!
//! With `-icount shift=6` QEMU's time moves on by 64 ns with each instruction, whichever it is.
//! SysTick counts the 25 MHz core clock, 40 ns a tick, so that instructions = ticks * 5 / 8.
//! Without that option, or while the core sleeps (`wfi`), the number says nothing.

use core::sync::atomic::{AtomicU32, Ordering, compiler_fence};
use cortex_m::peripheral::{SCB, SYST, syst::SystClkSource};
use cortex_m_rt::exception;

/// SysTick is a 24-bit counter, and counts down.
const LARGEST: u32 = 0x00ff_ffff;

/// How often SysTick has come to zero: once in 10.5 million instructions.
static WRAPS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    // The only writer once the count has started: load and store need no exchange.
    WRAPS.store(WRAPS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

/// Starts the count at about zero; owns SysTick from now on.
pub fn start(mut systick: SYST) {
    systick.set_clock_source(SystClkSource::Core);
    systick.set_reload(LARGEST);
    systick.clear_current();
    SCB::clear_pendst();
    WRAPS.store(0, Ordering::Relaxed);
    systick.enable_interrupt();
    systick.enable_counter();
}

/// Instructions executed since [`start`], or 0 before it.
///
/// A difference of two values is exact to a few instructions, and includes the call itself (some
/// fifty) and the SysTick handler (eight in each 10.5 million). It may be called with interrupts
/// off, if they are not off for longer than 10 million instructions.
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
    ticks * 5 / 8
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
