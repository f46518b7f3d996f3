//! The first serial port of the MPS2 boards (Arm's CMSDK APB UART), without a buffer: QEMU holds
//! back what comes until the byte before was taken.

#![allow(unsafe_code)]

use core::ptr;
use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;

const DATA: usize = 0x4000_4000;
const STATE: usize = DATA + 4;
const CONTROL: usize = DATA + 8;
const INTERRUPTS: usize = DATA + 12;
const DIVIDER: usize = DATA + 16;

/// Bits of STATE.
const FULL_TO_SEND: u32 = 1;
const FULL_OF_RECEIVED: u32 = 2;
/// Bits of CONTROL: send, receive, and tell what was received.
const ENABLE: u32 = 1 | 2 | 8;
/// The bit of INTERRUPTS that says that something was received.
const RECEIVED: u32 = 2;

/// How often it is looked whether a byte has come, where more are likely to.
const MOMENT: u32 = 2000;

fn read(register: usize) -> u32 {
    // SAFETY: it is a register of the port, of which there is one owner.
    unsafe { ptr::with_exposed_provenance::<u32>(register).read_volatile() }
}

fn write(register: usize, word: u32) {
    // SAFETY: the reason is the same as for `read`.
    unsafe { ptr::with_exposed_provenance_mut::<u32>(register).write_volatile(word) }
}

/// The interrupt of a byte that was received.
#[derive(Clone, Copy)]
struct Receive;

// SAFETY: it is the first interrupt of the boards.
unsafe impl InterruptNumber for Receive {
    fn number(self) -> u16 {
        0
    }
}

/// The serial port.
#[derive(Debug)]
pub struct Uart(());

impl Uart {
    /// Turns it on. From then on interrupts are masked: one that comes ends a sleep, and is handled
    /// where the sleep was.
    pub fn start() -> Self {
        cortex_m::interrupt::disable();
        write(DIVIDER, 16);
        write(CONTROL, ENABLE);
        // SAFETY: interrupts are masked, so no handler runs.
        unsafe { NVIC::unmask(Receive) };
        Self(())
    }

    /// The byte that has come, if one has.
    pub fn take(&mut self) -> Option<u8> {
        let came = read(STATE) & FULL_OF_RECEIVED != 0;
        came.then(|| {
            write(INTERRUPTS, RECEIVED);
            NVIC::unpend(Receive);
            read(DATA) as u8
        })
    }

    /// The byte that has come, or that comes in a moment.
    pub fn take_soon(&mut self) -> Option<u8> {
        (0..MOMENT).find_map(|_| self.take())
    }

    /// Sleeps until a byte comes.
    pub fn wait(&mut self) -> u8 {
        loop {
            match self.take() {
                Some(byte) => return byte,
                None => cortex_m::asm::wfi(),
            }
        }
    }

    /// Sends bytes.
    #[inline(never)]
    pub fn send(&mut self, bytes: &[u8]) {
        for byte in bytes {
            while read(STATE) & FULL_TO_SEND != 0 {}
            write(DATA, u32::from(*byte));
        }
    }
}
