//! What the tests share: bytes that lie as flash does, and images made by hand.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use core::ops::{Deref, DerefMut};
use oorandom::Rand32;
use rolling_ball_rehearsal::Image;

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// Length of the header.
pub const HEADER: usize = 13 * 4;

/// Bytes at a multiple of four.
#[derive(Clone)]
pub struct Flash {
    words: Vec<u32>,
    length: usize,
}

impl Flash {
    pub fn new(bytes: &[u8]) -> Self {
        let mut flash =
            Self { words: vec![0; bytes.len().div_ceil(4).max(1)], length: bytes.len() };
        flash.copy_from_slice(bytes);
        flash
    }

    /// Puts in the checksum that the content has.
    pub fn sign(mut self) -> Self {
        let checksum = CRC.checksum(&self[8..]);
        self[4..8].copy_from_slice(&checksum.to_le_bytes());
        self
    }
}

impl Deref for Flash {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }
}

impl DerefMut for Flash {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.words)[..self.length]
    }
}

/// What an image writes.
pub fn written(image: &Image) -> Flash {
    let mut bytes = Vec::new();
    image.write(|piece| bytes.extend_from_slice(piece)).unwrap();
    Flash::new(&bytes)
}

/// The header's fields after the checksum, in their order.
#[derive(Clone, Copy, Default)]
pub struct Fields {
    pub parameters: u32,
    pub inputs: u32,
    pub labelled: u32,
    pub held_out: u32,
    pub optimizer: u32,
    pub steps: u32,
    pub batch: u32,
    pub radius: f32,
    pub learning_rate: f32,
    pub scale: f32,
    pub offset: f32,
}

impl Fields {
    /// The signed image of this header and body.
    pub fn image(&self, body: &[u8]) -> Flash {
        let mut bytes = b"RBI1\0\0\0\0".to_vec();
        for field in [
            self.parameters,
            self.inputs,
            self.labelled,
            self.held_out,
            self.optimizer,
            self.steps,
            self.batch,
            self.radius.to_bits(),
            self.learning_rate.to_bits(),
            self.scale.to_bits(),
            self.offset.to_bits(),
        ] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(body);
        Flash::new(&bytes).sign()
    }
}

/// The bits of floats.
pub fn bits(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|float| float.to_bits()).collect()
}

/// A byte of a sequence that its seed decides.
pub fn byte(random: &mut Rand32) -> u8 {
    (random.rand_u32() >> 24) as u8
}
