//! Little-endian words to and from flash, a chunk at a time, with their CRC-32.

use super::flash::{Flash, FlashSizes, MOST_UNIT};
use crc::{CRC_32_ISO_HDLC, Crc, Digest, Table};

pub(super) static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// A page of most serial flashes.
const PAGE: usize = 256;

/// Lends a chunk of words, which is a page, or a unit where that is more.
pub(super) fn with_chunk<T>(sizes: FlashSizes, work: impl FnOnce(&mut [[u8; 4]]) -> T) -> T {
    // Mostly the condition is a constant: then a flash with small units never has the large array.
    if sizes.unit() <= PAGE {
        work(&mut [[0; 4]; PAGE / 4])
    } else {
        work(&mut [[0; 4]; MOST_UNIT / 4])
    }
}

/// Words as the bytes that a flash accesses at once; there is room for them in every chunk.
fn bytes(chunk: &mut [[u8; 4]], count: usize, unit: usize) -> &mut [u8] {
    let words = count.checked_next_multiple_of(unit / 4).unwrap_or_default();
    chunk.get_mut(..words).unwrap_or_default().as_flattened_mut()
}

/// The checksum of words that come a chunk at a time.
struct Checksum(Digest<'static, u32, Table<1>>);

impl Checksum {
    fn new() -> Self {
        Self(CRC.digest())
    }

    fn add(&mut self, words: Option<&[[u8; 4]]>) {
        self.0.update(words.unwrap_or_default().as_flattened());
    }

    /// The checksum of all the words that were added so far.
    fn value(&self) -> u32 {
        self.0.clone().finalize()
    }
}

/// Writes words one after another.
pub(super) struct Writer<'a, F> {
    flash: &'a mut F,
    offset: u32,
    chunk: &'a mut [[u8; 4]],
    checksum: Checksum,
    filled: usize,
}

impl<'a, F: Flash> Writer<'a, F> {
    pub fn new(flash: &'a mut F, offset: u32, chunk: &'a mut [[u8; 4]]) -> Self {
        Self { flash, offset, chunk, checksum: Checksum::new(), filled: 0 }
    }

    pub fn word(&mut self, word: u32) -> Result<(), F::Error> {
        if self.filled == self.chunk.len() {
            self.flush()?;
        }
        if let Some(place) = self.chunk.get_mut(self.filled) {
            *place = word.to_le_bytes();
            self.filled = self.filled.saturating_add(1);
        }
        Ok(())
    }

    /// Writes what is left, with ones up to the end of its unit, and returns the checksum of the
    /// words.
    pub fn finish(&mut self) -> Result<u32, F::Error> {
        self.flush()?;
        Ok(self.checksum.value())
    }

    #[inline(never)] // Else the driver's write is in flash more than once.
    fn flush(&mut self) -> Result<(), F::Error> {
        self.checksum.add(self.chunk.get(..self.filled));
        // As erased as most flashes are, but none needs that.
        self.chunk.get_mut(self.filled..).unwrap_or_default().fill([0xff; 4]);
        let bytes = bytes(self.chunk, self.filled, self.flash.sizes().unit());
        self.flash.write(self.offset, bytes)?;
        self.offset = self.offset.saturating_add(bytes.len() as u32);
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
    chunk: &'a mut [[u8; 4]],
    checksum: Checksum,
    filled: usize,
    taken: usize,
}

impl<'a, F: Flash> Reader<'a, F> {
    pub fn new(flash: &'a mut F, offset: u32, words: u64, chunk: &'a mut [[u8; 4]]) -> Self {
        let checksum = Checksum::new();
        Self { flash, offset, left: words, chunk, checksum, filled: 0, taken: 0 }
    }

    /// The next word; of no meaning after the last.
    pub fn word(&mut self) -> Result<u32, F::Error> {
        if self.taken == self.filled {
            self.fill()?;
        }
        let word = self.chunk.get(self.taken).copied().unwrap_or_default();
        self.taken = self.taken.saturating_add(1);
        Ok(u32::from_le_bytes(word))
    }

    /// Reads to the end and returns the checksum of all the words.
    pub fn finish(&mut self) -> Result<u32, F::Error> {
        while self.left > 0 {
            self.fill()?;
        }
        Ok(self.checksum.value())
    }

    #[inline(never)] // Else the driver's read is in flash more than once.
    fn fill(&mut self) -> Result<(), F::Error> {
        let count = self.left.min(self.chunk.len() as u64) as usize;
        let bytes = bytes(self.chunk, count, self.flash.sizes().read_unit());
        self.flash.read(self.offset, bytes)?;
        self.offset = self.offset.saturating_add(bytes.len() as u32);
        self.checksum.add(self.chunk.get(..count));
        self.left = self.left.saturating_sub(count as u64);
        self.filled = count;
        self.taken = 0;
        Ok(())
    }
}
