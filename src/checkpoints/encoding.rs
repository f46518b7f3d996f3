//! Little-endian words to and from flash, a chunk at a time, with their CRC-32.

use crc::{CRC_32_ISO_HDLC, Crc, Digest, Table};
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

pub(super) static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Every read and write begins and ends at a multiple of this many bytes from its slot's start.
pub(super) const UNIT: usize = 64;

/// A page of most serial flashes.
const CHUNK_WORDS: usize = 64;
const UNIT_WORDS: usize = UNIT / 4;
const ERASED: [u8; 4] = [0xff; 4];

/// A chunk of words; never more than it has room for.
struct Chunk {
    words: [[u8; 4]; CHUNK_WORDS],
    digest: Digest<'static, u32, Table<1>>,
}

impl Chunk {
    fn new() -> Self {
        Self { words: [ERASED; CHUNK_WORDS], digest: CRC.digest() }
    }

    /// The first words as bytes.
    fn bytes(&mut self, count: usize) -> &mut [u8] {
        self.words.get_mut(..count).unwrap_or_default().as_flattened_mut()
    }

    /// The checksum of all the words so far.
    fn checksum(&self) -> u32 {
        self.digest.clone().finalize()
    }

    fn digest(&mut self, count: usize) {
        self.digest.update(self.words.get(..count).unwrap_or_default().as_flattened());
    }
}

/// Writes words one after another.
pub(super) struct Writer<'a, F> {
    flash: &'a mut F,
    offset: u32,
    chunk: Chunk,
    filled: usize,
}

impl<'a, F: NorFlash> Writer<'a, F> {
    pub fn new(flash: &'a mut F, offset: u32) -> Self {
        Self { flash, offset, chunk: Chunk::new(), filled: 0 }
    }

    pub fn word(&mut self, word: u32) -> Result<(), F::Error> {
        if self.filled == CHUNK_WORDS {
            self.flush()?;
        }
        if let Some(place) = self.chunk.words.get_mut(self.filled) {
            *place = word.to_le_bytes();
            self.filled = self.filled.saturating_add(1);
        }
        Ok(())
    }

    /// Writes what is left, padded with what erased flash holds, and returns the checksum of the
    /// words.
    pub fn finish(&mut self) -> Result<u32, F::Error> {
        self.flush()?;
        Ok(self.chunk.checksum())
    }

    fn flush(&mut self) -> Result<(), F::Error> {
        self.chunk.digest(self.filled);
        let bytes = self.chunk.bytes(whole_units(self.filled));
        self.flash.write(self.offset, bytes)?;
        self.offset = self.offset.saturating_add(bytes.len() as u32);
        self.chunk.words = [ERASED; CHUNK_WORDS];
        self.filled = 0;
        Ok(())
    }
}

/// Reads words one after another.
pub(super) struct Reader<'a, F> {
    flash: &'a mut F,
    offset: u32,
    /// Words that are still in flash only.
    left: u64,
    chunk: Chunk,
    filled: usize,
    taken: usize,
}

impl<'a, F: ReadNorFlash> Reader<'a, F> {
    pub fn new(flash: &'a mut F, offset: u32, words: u64) -> Self {
        Self { flash, offset, left: words, chunk: Chunk::new(), filled: 0, taken: 0 }
    }

    /// The next word; of no meaning after the last.
    pub fn word(&mut self) -> Result<u32, F::Error> {
        if self.taken == self.filled {
            self.fill()?;
        }
        let word = self.chunk.words.get(self.taken).copied().unwrap_or_default();
        self.taken = self.taken.saturating_add(1);
        Ok(u32::from_le_bytes(word))
    }

    /// Reads to the end and returns the checksum of all the words.
    pub fn finish(&mut self) -> Result<u32, F::Error> {
        while self.left > 0 {
            self.fill()?;
        }
        Ok(self.chunk.checksum())
    }

    fn fill(&mut self) -> Result<(), F::Error> {
        let count = self.left.min(CHUNK_WORDS as u64) as usize;
        let bytes = self.chunk.bytes(whole_units(count));
        self.flash.read(self.offset, bytes)?;
        self.offset = self.offset.saturating_add(bytes.len() as u32);
        self.chunk.digest(count);
        self.left = self.left.saturating_sub(count as u64);
        self.filled = count;
        self.taken = 0;
        Ok(())
    }
}

/// So many words, filled up to whole units.
fn whole_units(words: usize) -> usize {
    words.div_ceil(UNIT_WORDS).saturating_mul(UNIT_WORDS)
}
