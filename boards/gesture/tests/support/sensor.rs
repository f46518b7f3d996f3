//! A world with a clock, a hand, and a LIS3DH that answers on the bus as its data sheet says.

use super::gestures::{Performance, User, digitise};
use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};
use gesture::{Gesture, READINGS_A_SECOND, Reading};
use oorandom::Rand64;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

/// Eight bits and an acknowledge at 400 kHz.
const SECONDS_A_BYTE: f64 = 9.0 / 400e3;
const ADDRESS: u8 = 0x18;
const KEPT: usize = 32;
/// From the beginning of a gesture to that of the next.
pub const SECONDS_A_GESTURE: f64 = 2.5;

const WHO_AM_I: u8 = 0x0f;
const CTRL_REG1: u8 = 0x20;
const CTRL_REG4: u8 = 0x23;
const CTRL_REG5: u8 = 0x24;
const OUT_X_L: u8 = 0x28;
const OUT_Z_H: u8 = 0x2d;
const FIFO_CTRL_REG: u8 = 0x2e;
const FIFO_SRC_REG: u8 = 0x2f;

/// Time, the user, and what the sensor has seen of it.
pub struct World {
    /// In seconds.
    pub time: f64,
    pub random: Rand64,
    user: User,
    script: Vec<(Gesture, bool)>,
    performances: Vec<Performance>,
    registers: [u8; 128],
    kept: VecDeque<Reading>,
    overrun: bool,
    /// Readings that the sensor has made.
    pub made: u64,
    /// Those that were fetched.
    pub fetched: u64,
    /// Those that were overwritten before.
    pub lost: u64,
    /// When the sensor does not answer.
    pub unplugged: Range<f64>,
}

impl World {
    /// A user who makes these gestures one after another, with the button held down where it says
    /// so.
    pub fn new(user: User, script: Vec<(Gesture, bool)>, seed: u128) -> Rc<RefCell<Self>> {
        let mut random = Rand64::new(seed);
        let performances = script
            .iter()
            .map(|(gesture, _)| Performance::new(*gesture, user, &mut random))
            .collect();
        let mut registers = [0; 128];
        registers[usize::from(WHO_AM_I)] = 0x33;
        registers[usize::from(CTRL_REG1)] = 0b0111;
        Rc::new(RefCell::new(Self {
            time: 0.0,
            random,
            user,
            script,
            performances,
            registers,
            kept: VecDeque::new(),
            overrun: false,
            made: 0,
            fetched: 0,
            lost: 0,
            unplugged: 0.0..0.0,
        }))
    }

    /// When the last gesture has settled.
    pub fn end(&self) -> f64 {
        SECONDS_A_GESTURE * (self.script.len() + 1) as f64
    }

    pub fn button_is_down(&self) -> bool {
        let turn = (self.time / SECONDS_A_GESTURE) as usize;
        self.script.get(turn).is_some_and(|(_, down)| *down)
    }

    pub fn readings_waiting(&self) -> u64 {
        self.kept.len() as u64
    }

    /// Lets time pass; the sensor goes on measuring.
    pub fn pass(&mut self, seconds: f64) {
        self.time += seconds;
        while (self.made + 1) as f64 / f64::from(READINGS_A_SECOND) <= self.time {
            self.made += 1;
            let reading = self.reading(self.made as f64 / f64::from(READINGS_A_SECOND));
            assert_eq!(self.registers[usize::from(CTRL_REG4)] & 0x30, 0x10, "the range is 4 g");
            assert_eq!(self.registers[usize::from(CTRL_REG1)], 0b0100_0111, "50 Hz, all axes");
            assert_eq!(self.registers[usize::from(CTRL_REG5)] & 0x40, 0x40, "readings are kept");
            assert_eq!(self.registers[usize::from(FIFO_CTRL_REG)], 0x80, "the newest ones");
            if self.kept.len() == KEPT {
                self.kept.pop_front();
                self.lost += 1;
            }
            self.kept.push_back(reading);
            self.overrun |= self.kept.len() == KEPT;
        }
    }

    fn reading(&mut self, time: f64) -> Reading {
        let turn = (time / SECONDS_A_GESTURE) as usize;
        // Half a second to get ready.
        let into = time - turn as f64 * SECONDS_A_GESTURE - 0.5;
        let measured = match self.performances.get(turn) {
            Some(performance) => performance.measured(into),
            None => Performance::new(Gesture::Lift, self.user, &mut Rand64::new(0)).measured(0.0),
        };
        digitise(measured, &mut self.random)
    }

    fn read(&mut self, register: u8) -> u8 {
        match register {
            FIFO_SRC_REG => {
                let count = self.kept.len().min(KEPT - 1) as u8;
                u8::from(self.overrun) << 6 | u8::from(self.kept.is_empty()) << 5 | count
            }
            OUT_X_L..=OUT_Z_H => {
                let place = register - OUT_X_L;
                let oldest = self.kept.front().copied().unwrap_or_default();
                let byte =
                    if place.is_multiple_of(2) { 0 } else { oldest[usize::from(place / 2)] ^ 0x80 };
                if place == 5 && self.kept.pop_front().is_some() {
                    self.fetched += 1;
                    self.overrun = false;
                }
                byte
            }
            _ => self.registers[usize::from(register)],
        }
    }
}

/// The bus to the sensor.
pub struct Bus(pub Rc<RefCell<World>>);

impl ErrorType for Bus {
    type Error = ErrorKind;
}

impl I2c for Bus {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        let mut world = self.0.borrow_mut();
        world.pass(SECONDS_A_BYTE);
        if address != ADDRESS || world.unplugged.contains(&world.time) {
            return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
        }
        let (mut register, mut increment) = (0, 0);
        for operation in operations {
            match operation {
                Operation::Write(bytes) => {
                    world.pass(SECONDS_A_BYTE * bytes.len() as f64);
                    if let Some((first, values)) = bytes.split_first() {
                        (register, increment) = (first & 0x7f, first >> 7);
                        for value in values {
                            world.registers[usize::from(register)] = *value;
                            register += increment;
                        }
                    }
                }
                Operation::Read(bytes) => {
                    world.pass(SECONDS_A_BYTE * (bytes.len() + 1) as f64);
                    for byte in bytes.iter_mut() {
                        *byte = world.read(register);
                        register += increment;
                    }
                }
            }
        }
        Ok(())
    }
}
