//! A NOR flash in memory that is as strict as a real one, and loses its power where it is told to.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read,
    check_write,
};

/// Panics where it is misused: a word written twice without an erase, an access that is not aligned
/// or out of bounds. An operation is the smallest that a power failure leaves whole: a word
/// written, a block erased.
#[derive(Clone, Debug)]
pub struct NorFlashModel<const WRITE: usize, const ERASE: usize, const READ: usize = 1> {
    pub bytes: Vec<u8>,
    /// Whether each word has been written since it was erased.
    written: Vec<bool>,
    /// How often each block has been erased.
    pub erases: Vec<u32>,
    /// How many operations have been begun.
    pub operations: usize,
    /// How many reads have been made.
    pub reads: usize,
    /// The operation in which the power fails, and what it leaves behind.
    pub power_cut: Option<(usize, Damage)>,
    /// The read from which on every one fails.
    pub failing_read: Option<usize>,
    powered: bool,
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

/// The flash has no power, or a read failed as it was told to.
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

    /// With this content, of which nothing may be written before it is erased.
    pub fn holding(bytes: Vec<u8>) -> Self {
        assert!(bytes.len().is_multiple_of(ERASE) && ERASE.is_multiple_of(WRITE));
        Self {
            written: bytes
                .chunks(WRITE)
                .map(|word| word.iter().any(|byte| *byte != 0xff))
                .collect(),
            erases: vec![0; bytes.len() / ERASE],
            operations: 0,
            reads: 0,
            power_cut: None,
            failing_read: None,
            powered: true,
            bytes,
        }
    }

    /// The power is back, and stays.
    pub fn reboot(&mut self) {
        self.powered = true;
        self.power_cut = None;
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
        let word = &mut self.written[at / WRITE];
        assert!(!*word, "the word at {at:#x} is written twice without an erase");
        *word = true;
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
        self.written[at / WRITE..(at + ERASE) / WRITE].fill(damage.is_some());
        damaged(&mut self.bytes[at..at + ERASE], &[0xff; ERASE], damage);
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
        if self.failing_read.is_some_and(|failing| index >= failing) {
            return Err(Failure);
        }
        bytes.copy_from_slice(&self.bytes[offset as usize..][..bytes.len()]);
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
