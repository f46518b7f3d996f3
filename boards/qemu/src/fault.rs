//! Handles panics, faults and exceptions without a handler: it says what happened, and fails.

#![allow(unsafe_code)]

use crate::{duty, exit, guard, print_line};
use core::{
    arch::naked_asm,
    panic::PanicInfo,
    sync::atomic::{AtomicBool, Ordering},
};
use cortex_m_rt::exception;

/// Set by the first panic. A second one can only come from printing the first.
static PANICKED: AtomicBool = AtomicBool::new(false);

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    if !PANICKED.load(Ordering::Relaxed) {
        PANICKED.store(true, Ordering::Relaxed);
        print_line!("{info}");
    }
    exit::failure()
}

/// The processor enters here. It never returns, so it starts the stack anew, since the old one may
/// be what has failed.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn HardFault() -> ! {
    naked_asm!(
        "mrs r0, msp",
        "movs r1, #0",
        "movs r2, #0",
        "ldr r3, =_stack_end",
        "cmp r0, r3",
        "blo 2f",
        // These are what the processor has stacked: the link register and the program counter.
        "ldr r1, [r0, #20]",
        "ldr r2, [r0, #24]",
        "2:",
        "ldr r3, =_stack_start",
        "msr msp, r3",
        "ldr r3, ={report}",
        "bx r3",
        report = sym report_hard_fault,
    )
}

extern "C" fn report_hard_fault(stack: u32, link: u32, address: u32) -> ! {
    if guard::has_overflowed(stack as usize) {
        print_line!("hard fault: the stack has overflowed to {stack:#010x}");
        exit::failure()
    }
    print_line!("hard fault at {address:#010x}, link {link:#010x}, stack {stack:#010x}");
    exit::failure()
}

// SAFETY: what the duty shares with it is protected by critical sections.
#[exception]
unsafe fn DefaultHandler(number: i16) {
    if number == duty::TIMER_INTERRUPT {
        return duty::on_tick();
    }
    print_line!("no handler for interrupt {number}");
    exit::failure()
}
