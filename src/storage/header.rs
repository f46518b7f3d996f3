//! The head of a slot: what its checkpoint is, and the checksum of what follows.

use super::settings::{SETTINGS, Settings};
use super::words::{CRC, Reader, UNIT, Writer};
use super::{CheckpointError, payload_words};
use crate::{Kind, Resumable};
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

const MAGIC: u32 = u32::from_le_bytes(*b"RBCP");
const VERSION: u32 = 1;

/// Words before the checksum. The magic first, the version second and this checksum last are where every version has
/// them.
const WORDS: usize = UNIT / 4 - 1;

/// Is written after what it describes, so that it marks a checkpoint as whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Header {
    /// One more for each checkpoint.
    pub sequence: u32,
    pub kind: Kind,
    pub parameters: u32,
    pub vectors: u32,
    /// Of the payload.
    pub checksum: u32,
    pub settings: [u32; SETTINGS],
}

impl Header {
    /// Of a checkpoint to be made; its sequence number and checksum are not known yet.
    pub fn of<O: Resumable>(optimizer: &O, settings: &Settings, vectors: usize) -> Self {
        Self {
            sequence: 0,
            kind: O::KIND,
            parameters: saturate(optimizer.parameters()),
            vectors: saturate(vectors),
            checksum: 0,
            settings: settings.checksums,
        }
    }

    pub fn payload_words(&self) -> u64 {
        payload_words(self.parameters.into(), self.vectors.into())
    }

    fn words(&self) -> [u32; WORDS] {
        let [a, b, c, d, e, f, g, h] = self.settings;
        let Self { sequence, kind, parameters, vectors, checksum, .. } = *self;
        [MAGIC, VERSION, sequence, kind.id(), parameters, vectors, checksum, a, b, c, d, e, f, g, h]
    }

    pub fn write<F: NorFlash>(&self, flash: &mut F, offset: u32) -> Result<(), F::Error> {
        let mut writer = Writer::new(flash, offset);
        for word in self.words() {
            writer.word(word)?;
        }
        writer.word(checksum(&self.words()))?;
        writer.finish()?;
        Ok(())
    }

    /// The header at an offset, where there is one.
    pub fn read<F: ReadNorFlash>(
        flash: &mut F,
        offset: u32,
    ) -> Result<Option<Self>, CheckpointError<F::Error>> {
        let mut reader = Reader::new(flash, offset, WORDS as u64 + 1);
        let mut words = [0; WORDS];
        for word in &mut words {
            *word = reader.word().map_err(CheckpointError::Flash)?;
        }
        let expected = reader.word().map_err(CheckpointError::Flash)?;
        let [magic, version, sequence, kind, parameters, vectors, payload, settings @ ..] = words;
        if magic != MAGIC || checksum(&words) != expected {
            return Ok(None);
        }
        if version != VERSION {
            return Err(CheckpointError::Version { expected: VERSION, saved: version });
        }
        let kind = Kind::from_id(kind);
        Ok(Some(Self { sequence, kind, parameters, vectors, checksum: payload, settings }))
    }
}

/// What does not fit a word does not fit a range of flash either.
fn saturate(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn checksum(words: &[u32; WORDS]) -> u32 {
    CRC.checksum(words.map(u32::to_le_bytes).as_flattened())
}
