//! CRC-32, as in checkpoints; without its table of 1 KB, as a frame takes longer to send than its
//! bits to go through.

use crc::{CRC_32_ISO_HDLC, Crc, Digest, NoTable};

static CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// The CRC-32 of values that come in pieces.
pub(crate) struct Checksum(Digest<'static, u32, NoTable>);

impl Checksum {
    pub fn new() -> Self {
        Self(CRC.digest())
    }

    #[inline(never)] // Its loop is in flash once.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    #[inline(never)] // It is called from several places.
    pub fn value(self) -> u32 {
        self.0.finalize()
    }
}

/// The CRC-32 of bytes.
pub(crate) fn of(bytes: &[u8]) -> u32 {
    let mut checksum = Checksum::new();
    checksum.add(bytes);
    checksum.value()
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

/// A hash that tells a model from others by all of it that does not change: its sizes, and the
/// bytes of what is frozen, such as a backbone, in pieces.
///
/// ```
/// let whole = rolling_ball_fleet::model_hash(320, 10, 10_602, &[]);
/// assert_ne!(whole, rolling_ball_fleet::model_hash(320, 10, 10_602, &[&[1]]));
/// ```
#[must_use]
pub fn model_hash(inputs: u32, outputs: u32, parameters: u32, frozen: &[&[u8]]) -> u32 {
    let mut checksum = Checksum::new();
    for size in [inputs, outputs, parameters] {
        checksum.add(&size.to_le_bytes());
    }
    for piece in frozen {
        checksum.add(piece);
    }
    checksum.value()
}
