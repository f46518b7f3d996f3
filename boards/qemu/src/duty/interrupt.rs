//! Takes readings in an interrupt, and keeps them in a queue.

#![allow(unsafe_code)]

use super::Account;
use super::peripherals::{acknowledge_tick, clock};
use core::cell::RefCell;
use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use critical_section::Mutex;
use heapless::spsc::{Consumer, Producer, Queue};
use static_cell::ConstStaticCell;

/// The number of the timer's interrupt.
pub const TIMER_INTERRUPT: i16 = 8;

/// How many readings may wait. The main loop may be away for as many milliseconds, less one.
const WAITING: usize = 16;

static QUEUE: ConstStaticCell<Queue<u32, WAITING>> = ConstStaticCell::new(Queue::new());
static INCOMING: Mutex<RefCell<Option<Producer<'static, u32>>>> = Mutex::new(RefCell::new(None));
static OUTGOING: Mutex<RefCell<Option<Consumer<'static, u32>>>> = Mutex::new(RefCell::new(None));

#[derive(Clone, Copy)]
struct Timer;

// SAFETY: the board wires its first timer to this interrupt.
unsafe impl InterruptNumber for Timer {
    fn number(self) -> u16 {
        TIMER_INTERRUPT as u16
    }
}

/// From now on each mark of the timer interrupts. Call this once.
pub fn start_interrupts() {
    let (producer, consumer) = QUEUE.take().split();
    critical_section::with(|section| {
        INCOMING.borrow_ref_mut(section).replace(producer);
        OUTGOING.borrow_ref_mut(section).replace(consumer);
    });
    // SAFETY: the handler is `on_tick`, and no critical section is in progress.
    unsafe { NVIC::unmask(Timer) }
}

/// Takes the readings that wait in the queue.
pub fn take_waiting(account: &mut Account) {
    critical_section::with(|section| {
        if let Some(readings) = OUTGOING.borrow_ref_mut(section).as_mut() {
            while let Some(time) = readings.dequeue() {
                account.take(time);
            }
        }
    });
}

/// Takes a reading: here it is the time, in a product it would be the sensor's value.
pub fn on_tick() {
    acknowledge_tick();
    let time = clock();
    critical_section::with(|section| {
        if let Some(producer) = INCOMING.borrow_ref_mut(section).as_mut() {
            // Where the queue is full the reading is lost, and the account will show that it is
            // missing.
            let _ = producer.enqueue(time);
        }
    });
}
