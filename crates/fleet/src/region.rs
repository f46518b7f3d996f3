//! A device's own range of flash: two records of a round in turn, the theta of the round, and two
//! outcomes in turn.
//!
//! A record is the content of the request that began the round, as it came. An outcome is what its
//! end has left: a head, and the residual, if there is one. Everything begins at an erase block. A
//! record and an outcome are valid by their checksums, and theta is whole when it has the checksum
//! of the record, so nothing is marked by a second write.

use crate::checksum::Checksum;
use crate::fields::{Reader, Writer, floats};
use crate::frame::{CHECKSUM, checked};
use crate::message::{Begin, RoundId};
use crate::storage::{Failed, Storage};
use crate::{CHUNK, CHUNK_BYTES};
use core::ops::Range;
use rolling_ball::FlashSizes;

/// The head of an outcome, and a record, have this room.
const HEAD: u32 = CHUNK_BYTES as u32;

/// Values in a piece that is read or written at once.
pub(crate) type Piece = [u8; CHUNK_BYTES];

/// What a round has left when it was over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub id: RoundId,
    pub model: u32,
    /// The values of the residual; none where it is zero.
    pub values: u32,
    /// The checksum of the residual.
    pub checksum: u32,
}

impl Outcome {
    /// What tells it from a record.
    const KIND: u8 = 0x40;

    fn content(&self) -> [u8; OUTCOME_BYTES] {
        let mut content = [0; OUTCOME_BYTES];
        let mut writer = Writer::new(&mut content);
        writer.byte(Self::KIND);
        let RoundId { federation, round } = self.id;
        writer.words(&[federation, round, self.model, self.values, self.checksum]);
        content
    }

    fn read(content: &[u8]) -> Option<Self> {
        let mut body = Reader::new(content);
        if body.byte() != Self::KIND {
            return None;
        }
        let outcome = Self {
            id: RoundId::read(&mut body),
            model: body.word(),
            values: body.word(),
            checksum: body.word(),
        };
        body.end().map(|()| outcome)
    }
}

/// Where things lie.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    /// The first of the records, which have a block each.
    start: u32,
    erase: u32,
    /// The theta of the round, and the first of the outcomes, which follow each other.
    theta: u32,
    outcome: u32,
    outcome_bytes: u32,
    /// The largest of a read and a write, a power of two.
    unit: usize,
    parameters: u32,
}

impl Region {
    /// Whether a region can be in a flash of these sizes.
    pub const fn fits(sizes: &FlashSizes) -> bool {
        sizes.fit() && Self::unit(sizes) <= CHUNK_BYTES && sizes.erase.is_multiple_of(CHUNK_BYTES)
    }

    const fn unit(sizes: &FlashSizes) -> usize {
        if sizes.read < sizes.write { sizes.write } else { sizes.read }
    }

    /// A region of a flash that it fits. The error is the bytes that it must have.
    #[inline] // Where a firmware knows all of it before it runs, none of it is in flash.
    pub fn new(sizes: FlashSizes, range: &Range<u32>, parameters: u32) -> Result<Self, u32> {
        let unit = Self::unit(&sizes);
        let FlashSizes { erase, capacity, .. } = sizes;
        let erase = erase as u32;
        let Range { start, end } = *range;
        // What is larger than 32 bits is larger than any range.
        let blocks = |bytes: u32| bytes.checked_next_multiple_of(erase).unwrap_or(u32::MAX);
        let values = parameters.saturating_mul(4);
        let (theta_bytes, outcome_bytes) = (blocks(values), blocks(values.saturating_add(HEAD)));
        let half = erase.saturating_add(outcome_bytes);
        let needed = half.saturating_add(half).saturating_add(theta_bytes);
        let aligned = start.is_multiple_of(erase) && end.is_multiple_of(erase);
        if end.saturating_sub(start) < needed || end as usize > capacity || !aligned {
            return Err(needed);
        }
        // All of it is below the end.
        let theta = start.wrapping_add(erase).wrapping_add(erase);
        let outcome = theta.wrapping_add(theta_bytes);
        Ok(Self { start, erase, theta, outcome, outcome_bytes, unit, parameters })
    }

    /// One of the two records.
    pub fn record(&self, second: bool) -> Range<u32> {
        let start = if second { self.start.wrapping_add(self.erase) } else { self.start };
        start..start.wrapping_add(self.erase)
    }

    /// The theta of the round.
    pub fn theta(&self) -> Range<u32> {
        self.theta..self.outcome
    }

    /// One of the two outcomes.
    pub fn outcome(&self, second: bool) -> Range<u32> {
        let bytes = self.outcome_bytes;
        let start = if second { self.outcome.wrapping_add(bytes) } else { self.outcome };
        start..start.wrapping_add(bytes)
    }

    /// The first block of an outcome, which has its head.
    pub fn outcome_head(&self, second: bool) -> Range<u32> {
        let start = self.outcome(second).start;
        start..start.wrapping_add(self.erase)
    }

    /// Where the values of an outcome begin.
    pub fn residual(&self, second: bool) -> u32 {
        self.outcome(second).start.wrapping_add(HEAD)
    }

    /// So many bytes, up to the end of the unit.
    fn units(&self, length: usize) -> usize {
        let below = self.unit.wrapping_sub(1);
        length.wrapping_add(below) & !below
    }

    pub fn read_record(&self, flash: &mut dyn Storage, second: bool) -> Option<Begin> {
        let mut piece = [0; CHUNK_BYTES];
        let at = self.record(second).start;
        Begin::read(self.head(flash, at, BEGIN_BYTES, &mut piece)?)
    }

    pub fn read_outcome(&self, flash: &mut dyn Storage, second: bool) -> Option<Outcome> {
        let mut piece = [0; CHUNK_BYTES];
        let at = self.outcome(second).start;
        let outcome = Outcome::read(self.head(flash, at, OUTCOME_BYTES, &mut piece)?)?;
        let whole = match outcome.values {
            0 => true,
            values if values == self.parameters => {
                self.checksum(flash, self.residual(second)).ok()? == outcome.checksum
            }
            _ => false,
        };
        whole.then_some(outcome)
    }

    /// The content of this length at an offset, with its checksum behind it. What cannot be read is
    /// not there.
    fn head<'p>(
        &self,
        flash: &mut dyn Storage,
        at: u32,
        length: usize,
        piece: &'p mut Piece,
    ) -> Option<&'p [u8]> {
        let length = length.wrapping_add(CHECKSUM);
        self.read(flash, at, length, piece).ok()?;
        checked(piece.get(..length)?)
    }

    /// Keeps the content of a request as it came.
    pub fn write_record(
        &self,
        flash: &mut dyn Storage,
        second: bool,
        content: &[u8],
    ) -> Result<(), Failed> {
        let Range { start, end } = self.record(second);
        erase(flash, start, end)?;
        self.write_head(flash, start, content)
    }

    /// Whether a record is this content; an error where it cannot be read.
    pub fn is_record(
        &self,
        flash: &mut dyn Storage,
        second: bool,
        content: &[u8],
    ) -> Result<bool, Failed> {
        let mut piece = [0; CHUNK_BYTES];
        self.read(flash, self.record(second).start, content.len(), &mut piece)?;
        Ok(piece.get(..content.len()) == Some(content))
    }

    pub fn write_outcome(
        &self,
        flash: &mut dyn Storage,
        second: bool,
        outcome: &Outcome,
    ) -> Result<(), Failed> {
        self.write_head(flash, self.outcome(second).start, &outcome.content())
    }

    fn write_head(&self, flash: &mut dyn Storage, at: u32, content: &[u8]) -> Result<(), Failed> {
        let mut piece = [0; CHUNK_BYTES];
        let mut writer = Writer::new(&mut piece);
        writer.bytes(content);
        let length = writer.finish();
        self.write(flash, at, length, &mut piece)
    }

    /// Reads a piece of so many bytes, up to the end of the unit.
    #[inline(never)] // Else the driver's read is in flash more than once.
    pub fn read(
        &self,
        flash: &mut dyn Storage,
        at: u32,
        length: usize,
        piece: &mut Piece,
    ) -> Result<(), Failed> {
        flash.read(at, piece.get_mut(..self.units(length)).unwrap_or_default())
    }

    /// Writes a piece of so many bytes, and as good as nothing up to the end of the unit.
    #[inline(never)] // Else the driver's write is in flash more than once.
    pub fn write(
        &self,
        flash: &mut dyn Storage,
        at: u32,
        length: usize,
        piece: &mut Piece,
    ) -> Result<(), Failed> {
        piece.get_mut(length..).unwrap_or_default().fill(ERASED);
        flash.write(at, piece.get(..self.units(length)).unwrap_or_default())
    }

    /// The bytes of the piece of values that begins with this one: as many as there are, at most a
    /// piece.
    pub fn piece_bytes(&self, first: u32) -> usize {
        let left = self.parameters.saturating_sub(first).min(CHUNK as u32);
        left.wrapping_mul(4) as usize
    }

    /// The checksum of as many values as there are parameters.
    pub fn checksum(&self, flash: &mut dyn Storage, at: u32) -> Result<u32, Failed> {
        let mut checksum = Checksum::new();
        self.each_piece(flash, at, &mut |bytes| checksum.add(bytes))?;
        Ok(checksum.value())
    }

    /// Whether the theta in flash is the one of this checksum, and finite.
    pub fn holds(&self, flash: &mut dyn Storage, theta: u32) -> bool {
        let (mut checksum, mut finite) = (Checksum::new(), true);
        let read = self.each_piece(flash, self.theta().start, &mut |bytes| {
            checksum.add(bytes);
            finite &= floats(bytes).all(f32::is_finite);
        });
        read.is_ok() && finite && checksum.value() == theta
    }

    /// Reads as many values as there are parameters.
    pub fn each_piece(
        &self,
        flash: &mut dyn Storage,
        at: u32,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Failed> {
        let mut piece = [0; CHUNK_BYTES];
        let mut first = 0;
        while first < self.parameters {
            let length = self.piece_bytes(first);
            self.read(flash, at.wrapping_add(value_bytes(first)), length, &mut piece)?;
            each(piece.get(..length).unwrap_or_default());
            first = first.wrapping_add(CHUNK as u32);
        }
        Ok(())
    }
}

/// As erased as most flashes are, but none needs that.
const ERASED: u8 = 0xff;

const BEGIN_BYTES: usize = 1 + 8 + 4 * 4 + 2 * 2 + 2 * 4 + 2;
const OUTCOME_BYTES: usize = 1 + 8 + 3 * 4;

/// Erases a piece, where it is not empty.
#[inline(never)] // Else the driver's erase is in flash more than once.
pub(crate) fn erase(flash: &mut dyn Storage, start: u32, end: u32) -> Result<(), Failed> {
    if start < end { flash.erase(start, end) } else { Ok(()) }
}

/// The bytes of so many values, of which a range of flash has room.
pub(crate) fn value_bytes(values: u32) -> u32 {
    values.wrapping_mul(4)
}

/// The bytes of a region: five pieces, each of whole blocks.
pub(crate) const fn bytes(erase: usize, parameters: usize) -> u64 {
    const fn blocks(erase: u64, bytes: u64) -> u64 {
        match bytes.checked_next_multiple_of(erase) {
            Some(bytes) => bytes,
            None => u64::MAX,
        }
    }
    let (erase, values) = (erase as u64, (parameters as u64).saturating_mul(4));
    let theta = blocks(erase, values);
    let outcome = blocks(erase, values.saturating_add(HEAD as u64));
    let outcomes = outcome.saturating_mul(2);
    erase.saturating_mul(2).saturating_add(theta).saturating_add(outcomes)
}
