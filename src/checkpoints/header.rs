//! The head of a slot: what its checkpoint is, and the checksum of what follows.

use super::encoding::{CRC, Reader, Writer, with_chunk};
use super::flash::{Flash, FlashSizes};
use super::settings::{SETTINGS, Settings};
use super::theta_bits::ThetaBits;
use super::{payload_words, slot_bytes};
use crate::{Kind, Resumable};

const MAGIC: u32 = u32::from_le_bytes(*b"RBCP");
/// Of a theta as it is.
const WHOLE: u32 = 1;
/// Of a theta in few bits, which are told beside the number of vectors; the rest is the same.
const FEW_BITS: u32 = 2;
/// With further words behind the vectors, whose number is told beside that of the vectors and the
/// bits. The newest version that is known.
pub(super) const VERSION: u32 = 3;

/// Their number has three bytes of that word; the fourth has the number of vectors in its lower
/// half, and in its upper half a quarter of the bits.
const MOST_FURTHER: u32 = 0xff_ffff;
const VECTORS: u8 = 0x0f;
const BITS: u8 = 0x10 / 4;

/// The magic first, the version second, the sequence number third and the header's own checksum
/// last are where every version has them.
const WORDS: usize = 16;

/// Is written after what it describes, so that it marks a checkpoint as whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Header {
    /// Of an [unknown](Self::is_known) version nothing but the sequence number is known.
    pub version: u32,
    /// One more for each checkpoint.
    pub sequence: u32,
    pub kind: Kind,
    pub parameters: u32,
    pub vectors: u32,
    pub theta: ThetaBits,
    /// The words behind the vectors.
    pub further: u32,
    /// The checksum of the payload.
    pub checksum: u32,
    pub settings: [u32; SETTINGS],
}

impl Header {
    /// Of a checkpoint to be made; its sequence number and checksum are not known yet.
    pub fn of<O: Resumable>(
        optimizer: &O,
        settings: &Settings,
        vectors: usize,
        theta: ThetaBits,
    ) -> Self {
        let further = saturate(optimizer.further_words());
        let version = match theta {
            _ if further > 0 => VERSION,
            ThetaBits::ThirtyTwo => WHOLE,
            _ => FEW_BITS,
        };
        Self {
            version,
            sequence: 0,
            kind: optimizer.kind(),
            parameters: saturate(optimizer.parameters()),
            vectors: saturate(vectors),
            theta,
            further,
            checksum: 0,
            settings: settings.checksums,
        }
    }

    pub fn is_known(&self) -> bool {
        matches!(self.version, WHOLE | FEW_BITS | VERSION)
    }

    pub fn payload_words(&self) -> u64 {
        let Self { theta, parameters, vectors, further, .. } = *self;
        payload_words(theta, parameters.into(), vectors.into(), further.into())
    }

    /// Bytes of its slot; more than any flash has, where its number of words cannot be written.
    pub fn slot_bytes(&self, sizes: FlashSizes) -> u64 {
        let fits = self.further <= MOST_FURTHER;
        if fits { slot_bytes(sizes, self.payload_words()) } else { u64::MAX }
    }

    pub fn write<F: Flash>(&self, flash: &mut F, offset: u32) -> Result<(), F::Error> {
        let Self { version, sequence, kind, parameters, vectors, checksum, settings, .. } = *self;
        let bits = self.theta.bits();
        let vectors = match version {
            VERSION => {
                let [low, middle, high, _] = self.further.to_le_bytes();
                let both = saturate_byte(vectors) | (bits as u8).wrapping_mul(BITS);
                u32::from_le_bytes([both, low, middle, high])
            }
            FEW_BITS => u32::from_le_bytes([saturate_byte(vectors), bits as u8, 0, 0]),
            _ => vectors,
        };
        let mut bytes = [[0; 4]; WORDS];
        let head = [MAGIC, version, sequence, kind.id(), parameters, vectors, checksum];
        for (bytes, word) in bytes.iter_mut().zip(head.into_iter().chain(settings)) {
            *bytes = word.to_le_bytes();
        }
        let own = own_checksum(&bytes);
        let [.., last] = &mut bytes;
        *last = own.to_le_bytes();
        with_chunk(flash.sizes(), |chunk| {
            let mut writer = Writer::new(flash, offset, chunk);
            for word in bytes {
                writer.word(u32::from_le_bytes(word))?;
            }
            writer.finish().map(|_| ())
        })
    }

    /// The header at an offset, where there is one.
    pub fn read<F: Flash>(flash: &mut F, offset: u32) -> Result<Option<Self>, F::Error> {
        let mut bytes = [[0; 4]; WORDS];
        with_chunk(flash.sizes(), |chunk| {
            let mut reader = Reader::new(flash, offset, WORDS as u64, chunk);
            for bytes in &mut bytes {
                *bytes = reader.word()?.to_le_bytes();
            }
            Ok(())
        })?;
        let [magic, version, sequence, kind, parameters, vectors, checksum, settings @ .., own] =
            bytes.map(u32::from_le_bytes);
        if magic != MAGIC || own_checksum(&bytes) != own {
            return Ok(None);
        }
        let kind = Kind::from_id(kind);
        let (vectors, bits, further) = match (version, vectors.to_le_bytes()) {
            (VERSION, [both, low, middle, high]) => {
                let further = u32::from_le_bytes([low, middle, high, 0]);
                ((both & VECTORS).into(), (both & !VECTORS) / BITS, further)
            }
            (FEW_BITS, [vectors, bits @ ..32, 0, 0]) => (vectors.into(), bits, 0),
            (FEW_BITS, _) => return Ok(None),
            _ => (vectors, 32, 0),
        };
        let Some(theta) = ThetaBits::of_bits(bits) else { return Ok(None) };
        Ok(Some(Self {
            version,
            sequence,
            kind,
            parameters,
            vectors,
            theta,
            further,
            checksum,
            settings,
        }))
    }
}

/// The checksum of all words but the last.
fn own_checksum(bytes: &[[u8; 4]; WORDS]) -> u32 {
    let [described @ .., _] = bytes;
    CRC.checksum(described.as_flattened())
}

/// Of vectors there are a handful.
fn saturate_byte(count: u32) -> u8 {
    u8::try_from(count).unwrap_or(u8::MAX)
}

/// What does not fit a word does not fit a range of flash either.
fn saturate(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
