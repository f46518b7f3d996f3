//! Stands in for a sensor: readings that lie in flash. Put your own in its place.

use crate::model::Network;
use core::slice::ChunksExact;

/// What a byte of a reading stands for: `byte * SCALE + OFFSET`.
pub const SCALE: f32 = {{scale}};
pub const OFFSET: f32 = {{offset}};

/// The class of a reading, then the reading, and so on.
static RECORDS: &[u8] = include_bytes!("../samples.bin");

/// A reading, and its class where somebody has named it.
pub struct Reading<'a> {
    pub input: &'a [u8],
    pub label: Option<u8>,
}

pub struct Sensor {
    records: ChunksExact<'static, u8>,
    waiting: Option<&'static [u8]>,
}

impl Sensor {
    pub fn new() -> Self {
        Self {
            records: RECORDS.chunks_exact(1 + Network::INPUTS),
            waiting: None,
        }
    }

    /// Fetches the next reading, where no other waits to be taken.
    pub fn look(&mut self) {
        self.waiting = self.waiting.or_else(|| self.records.next());
    }

    /// Takes the reading that waits, or the next one.
    pub fn take(&mut self) -> Option<Reading<'_>> {
        self.look();
        let (label, input) = self.waiting.take()?.split_first()?;
        Some(Reading {
            input,
            label: Some(*label),
        })
    }
}
