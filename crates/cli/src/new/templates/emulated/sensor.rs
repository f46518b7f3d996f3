//! Stands in for a sensor: readings from a file on the host. Put your own in its place.

use crate::board::host_path;
use crate::model::Network;
use core::ffi::CStr;
use core::mem;
use semihosting::fs::File;
use semihosting::io::Read;

/// What a byte of a reading stands for: `byte * SCALE + OFFSET`.
pub const SCALE: f32 = {{scale}};
pub const OFFSET: f32 = {{offset}};

const READINGS: &CStr = host_path(concat!(env!("CARGO_MANIFEST_DIR"), "/samples.bin\0"));

/// A reading, and its class where somebody has named it.
pub struct Reading<'a> {
    pub input: &'a [u8],
    pub label: Option<u8>,
}

pub struct Sensor {
    file: File,
    /// The class of a reading, and then the reading.
    record: [u8; 1 + Network::INPUTS],
    waits: bool,
}

impl Sensor {
    pub fn new() -> Self {
        match File::open(READINGS) {
            Ok(file) => Self {
                file,
                record: [0; 1 + Network::INPUTS],
                waits: false,
            },
            Err(_) => panic!("cannot open {READINGS:?}"),
        }
    }

    /// Fetches the next reading, where no other waits to be taken.
    pub fn look(&mut self) {
        self.waits = self.waits || self.file.read_exact(&mut self.record).is_ok();
    }

    /// Takes the reading that waits, or the next one.
    pub fn take(&mut self) -> Option<Reading<'_>> {
        self.look();
        let (label, input) = self.record.split_first()?;
        mem::take(&mut self.waits).then_some(Reading {
            input,
            label: Some(*label),
        })
    }
}
