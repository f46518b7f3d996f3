//! A NOR flash in memory that is as strict as a real one, and loses its power where it is told to.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read,
    check_write,
};
use std::ops::Range;

/// Panics where it is misused: a word written twice without an erase, an access that is not aligned
/// or out of bounds. An operation is the smallest that a power failure leaves whole: a word
/// written, a block erased.
#[derive(Clone, Debug)]
pub struct NorFlashModel<const WRITE: usize, const ERASE: usize, const READ: usize = 1> {
    pub bytes: Vec<u8>,
    /// What erased flash holds, at even and at odd addresses.
    erased: [u8; 2],
    /// Whether each word has been written since it was erased.
    written: Vec<bool>,
    /// Which words can be read.
    pub reading: Reading,
    /// Whether the write or the erase of each word was interrupted, and it was not erased since.
    interrupted: Vec<bool>,
    /// How often each block has been erased.
    pub erases: Vec<u32>,
    /// How many operations have been begun.
    pub operations: usize,
    /// How many reads have been made.
    pub reads: usize,
    /// The operation in which the power fails, and what it leaves behind.
    pub power_cut: Option<(usize, Damage)>,
    /// The reads that fail.
    pub failing_reads: Range<usize>,
    powered: bool,
}

/// Which words a flash can read. What it cannot read, it answers with an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// Every one.
    All,
    /// With error correction: all but those whose write or erase was interrupted, until they are
    /// erased.
    Corrected,
    /// With error correction that does not know erased words: nor those that are erased.
    Written,
}

/// What is left of an operation during which the power fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Damage {
    /// It had not begun.
    Untouched,
    /// The first half of it was done, down to the bit.
    Half,
    /// It was done, but for the bits that this number's hash chooses: the weakest promise that a
    /// flash may make.
    Noise(u8),
}

/// The flash has no power, or what was to be read cannot be, or was told to fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failure;

impl NorFlashError for Failure {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

#[allow(clippy::panic, clippy::expect_used, clippy::indexing_slicing)]
impl<const WRITE: usize, const ERASE: usize, const READ: usize> NorFlashModel<WRITE, ERASE, READ> {
    /// Erased, as from the factory.
    pub fn new(capacity: usize) -> Self {
        Self::holding(vec![0xff; capacity])
    }

    /// Erased, where that is not ones: what it holds at even and at odd addresses.
    pub fn erased_to(erased: [u8; 2], capacity: usize) -> Self {
        let bytes = erased.into_iter().cycle().take(capacity).collect();
        Self { erased, written: vec![false; capacity / WRITE], ..Self::holding(bytes) }
    }

    /// With this content, of which nothing may be written before it is erased.
    pub fn holding(bytes: Vec<u8>) -> Self {
        assert!(bytes.len().is_multiple_of(ERASE) && ERASE.is_multiple_of(WRITE));
        let written =
            bytes.chunks(WRITE).map(|word| word.iter().any(|byte| *byte != 0xff)).collect();
        Self {
            erased: [0xff; 2],
            written,
            reading: Reading::All,
            interrupted: vec![false; bytes.len() / WRITE],
            erases: vec![0; bytes.len() / ERASE],
            operations: 0,
            reads: 0,
            power_cut: None,
            failing_reads: 0..0,
            powered: true,
            bytes,
        }
    }

    /// Whether a word can be read.
    fn readable(&self, word: usize) -> bool {
        match self.reading {
            Reading::All => true,
            Reading::Corrected => !self.interrupted[word],
            Reading::Written => !self.interrupted[word] && self.written[word],
        }
    }

    /// The power is back, and stays.
    pub fn reboot(&mut self) {
        self.powered = true;
        self.power_cut = None;
    }

    /// As if the write of the word at this address had been interrupted.
    pub fn interrupt(&mut self, at: usize) {
        self.written[at / WRITE] = true;
        self.interrupted[at / WRITE] = true;
    }

    /// What to do of the next operation: all of it, or what is left when the power fails.
    fn operate(&mut self) -> Option<Damage> {
        let index = self.operations;
        self.operations += 1;
        let damage = self.power_cut.filter(|(at, _)| *at == index).map(|(_, damage)| damage);
        self.powered = damage.is_none();
        damage
    }

    fn power(&self) -> Result<(), Failure> {
        if self.powered { Ok(()) } else { Err(Failure) }
    }

    fn program(&mut self, at: usize, new: &[u8]) {
        let damage = self.operate();
        if damage == Some(Damage::Untouched) {
            return;
        }
        let word = at / WRITE;
        assert!(!self.written[word], "the word at {at:#x} is written twice without an erase");
        self.written[word] = true;
        self.interrupted[word] = damage.is_some();
        damaged(&mut self.bytes[at..at + WRITE], new, damage);
    }

    fn clear(&mut self, block: usize) {
        let damage = self.operate();
        if damage == Some(Damage::Untouched) {
            return;
        }
        let at = block * ERASE;
        self.erases[block] += 1;
        // A block whose erase was interrupted must be erased again before anything is written.
        let words = at / WRITE..(at + ERASE) / WRITE;
        self.written[words.clone()].fill(damage.is_some());
        self.interrupted[words].fill(damage.is_some());
        let erased: Vec<u8> = self.erased.into_iter().cycle().take(ERASE).collect();
        damaged(&mut self.bytes[at..at + ERASE], &erased, damage);
    }
}

/// Replaces the old bytes by the new ones, as far as the damage lets it.
#[allow(clippy::indexing_slicing)]
fn damaged(bytes: &mut [u8], new: &[u8], damage: Option<Damage>) {
    if damage.is_none() {
        return bytes.copy_from_slice(new);
    }
    let bits = bytes.len() * 8;
    for bit in 0..bits {
        let done = match damage {
            None | Some(Damage::Untouched) => false,
            Some(Damage::Half) => bit < bits / 2,
            Some(Damage::Noise(seed)) => {
                let mixed = (bit as u32 ^ u32::from(seed) << 24).wrapping_mul(0x9e37_79b1);
                (mixed ^ mixed >> 15).wrapping_mul(0x85eb_ca6b) >> 31 == 0
            }
        };
        let (index, mask) = (bit / 8, 1 << (bit % 8));
        if done {
            bytes[index] = bytes[index] & !mask | new[index] & mask;
        }
    }
}

impl<const WRITE: usize, const ERASE: usize, const READ: usize> ErrorType
    for NorFlashModel<WRITE, ERASE, READ>
{
    type Error = Failure;
}

#[allow(clippy::panic, clippy::expect_used, clippy::indexing_slicing)]
impl<const WRITE: usize, const ERASE: usize, const READ: usize> ReadNorFlash
    for NorFlashModel<WRITE, ERASE, READ>
{
    const READ_SIZE: usize = READ;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Failure> {
        check_read(self, offset, bytes.len()).expect("a read within the flash, aligned");
        self.power()?;
        let index = self.reads;
        self.reads += 1;
        let range = offset as usize..offset as usize + bytes.len();
        let mut words = range.start / WRITE..range.end.div_ceil(WRITE);
        if self.failing_reads.contains(&index) || !words.all(|word| self.readable(word)) {
            return Err(Failure);
        }
        bytes.copy_from_slice(&self.bytes[range]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

#[allow(clippy::panic, clippy::expect_used, clippy::indexing_slicing)]
impl<const WRITE: usize, const ERASE: usize, const READ: usize> NorFlash
    for NorFlashModel<WRITE, ERASE, READ>
{
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Failure> {
        check_erase(self, from, to).expect("an erase within the flash, aligned");
        for block in from as usize / ERASE..to as usize / ERASE {
            self.power()?;
            self.clear(block);
        }
        self.power()
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Failure> {
        check_write(self, offset, bytes.len()).expect("a write within the flash, aligned");
        for (index, word) in bytes.chunks(WRITE).enumerate() {
            self.power()?;
            self.program(offset as usize + index * WRITE, word);
        }
        self.power()
    }
}
