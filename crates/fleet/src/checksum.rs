//! CRC-32, as in checkpoints; without its table of 1 KB, as a frame takes longer to send than its
//! bits to go through.

use crc::{CRC_32_ISO_HDLC, Crc, Digest, NoTable};

pub(crate) static CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// The CRC-32 of values that come in pieces.
pub(crate) struct Checksum(Digest<'static, u32, NoTable>);

impl Checksum {
    pub fn new() -> Self {
        Self(CRC.digest())
    }

    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn value(self) -> u32 {
        self.0.finalize()
    }
}

/// The CRC-32 of the bits of values in little-endian order: what a round says of its theta.
///
/// ```
/// assert_eq!(rolling_ball_fleet::checksum(&[]), 0);
/// assert_ne!(rolling_ball_fleet::checksum(&[0.0]), rolling_ball_fleet::checksum(&[-0.0]));
/// ```
#[must_use]
pub fn checksum(values: &[f32]) -> u32 {
    let mut checksum = Checksum::new();
    for value in values {
        checksum.add(&value.to_le_bytes());
    }
    checksum.value()
}
