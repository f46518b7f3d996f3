//! Checkpoints in flash: a ring of slots, of which one is always whole.
//!
//! A slot, in little-endian words: the header (magic, version, sequence number, kind of optimizer,
//! parameters, vectors, checksum of the payload, checksums of eight settings, checksum of the
//! header), then the payload (four words of state, theta, the state's vectors). What is left of it
//! stays erased.

mod encoding;
mod error;
mod header;
mod settings;

pub use error::CheckpointError;

use crate::optimizer::{Resumable, STATE_WORDS, State};
use core::ops::Range;
use embedded_storage::nor_flash::NorFlash;
use encoding::{Reader, UNIT, Writer};
use header::Header;
use settings::Settings;

/// Checkpoints of a training, in a range of a NOR flash that is theirs alone.
///
/// A checkpoint is theta, the number of steps done, the optimizer's state, and checksums of its
/// settings. A training that is cut and resumed ends with the same bits as one that is not. The
/// settings themselves are the firmware's: it makes the optimizer with them before it resumes, and
/// a checkpoint that was made with others is refused by the name of the first that differs. So
/// those that it changed on the way, as by [`set_radius`](crate::RollingBall::set_radius), it must
/// change again. Of a schedule that is a function only that it is one can be compared.
///
/// **The range** is a ring of slots, each a whole number of erase blocks and large enough for one
/// checkpoint; a save erases and writes the slot after the newest checkpoint, so that all wear
/// alike. [`bytes`](Self::bytes) says how large a range must be. `READ_SIZE` and `WRITE_SIZE` of
/// the flash must divide 64, which must divide its `ERASE_SIZE`; else it does not compile.
///
/// **A power failure** at any time leaves the checkpoint before the interrupted one as it was: no
/// word of its slot is written, and the header that makes the new one valid is written last. No
/// word is ever written twice without an erase.
///
/// **Cost.** Flash: 80 bytes and 4 a parameter, and 4 more a parameter for each vector of the
/// optimizer's state (the ball and momentum one, Adam two), rounded up to erase blocks, for each
/// slot. A save is one erase of a slot, one write for each 256 bytes and one for the header; it
/// reads 64 bytes of every erase block of the range, the newest checkpoint once to know that it is
/// good, and the new one once to know that it was kept. A resume reads the checkpoint twice. RAM:
/// about 1 KB of stack, whatever the number of parameters.
///
/// ```
/// # #[path = "../../tests/support/nor_flash.rs"] mod nor_flash;
/// # use nor_flash::NorFlashModel;
/// use rolling_ball::{Checkpoints, Optimizer, RollingBall, RollingBallConfig};
///
/// const N: usize = 100;
/// type Ball = RollingBall<[f32; N]>;
/// type Flash = NorFlashModel<4, 4096>; // bytes of a write, of an erase
/// const RANGE: core::ops::Range<u32> = 0x8000..0xc000;
/// // Does not compile where the flash map is too tight for the training.
/// const NEEDED: u64 = Checkpoints::<Flash>::bytes::<Ball>(N, 2);
/// const _: () = assert!(NEEDED <= (RANGE.end - RANGE.start) as u64);
///
/// let mut checkpoints = Checkpoints::new(Flash::new(0x10000), RANGE)?;
/// let mut theta = [0.5; N];
/// let mut ball = Ball::new(RollingBallConfig::default(), [[0.0; N]; 2])?;
/// assert_eq!(checkpoints.resume(&mut theta, &mut ball)?, None); // nothing has been saved
/// checkpoints.save(&theta, &ball)?; // between two steps
///
/// // After the next boot:
/// let mut resumed = [0.0; N];
/// let mut ball = Ball::new(RollingBallConfig::default(), [[0.0; N]; 2])?;
/// assert_eq!(checkpoints.resume(&mut resumed, &mut ball)?, Some(0)); // steps done
/// assert_eq!(resumed, theta);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Checkpoints<F> {
    flash: F,
    range: Range<u32>,
}

/// A checkpoint in flash.
#[derive(Clone, Copy)]
struct Found {
    header: Header,
    start: u32,
    end: u32,
}

impl<F: NorFlash> Checkpoints<F> {
    /// In a range of the flash. Nothing is read or written yet.
    ///
    /// # Errors
    /// [`CheckpointError::Range`] where it is not made of erase blocks of the flash.
    pub fn new(flash: F, range: Range<u32>) -> Result<Self, CheckpointError<F::Error>> {
        const {
            assert!(
                F::READ_SIZE > 0
                    && F::WRITE_SIZE > 0
                    && F::ERASE_SIZE > 0
                    && UNIT.is_multiple_of(F::READ_SIZE)
                    && UNIT.is_multiple_of(F::WRITE_SIZE)
                    && F::ERASE_SIZE.is_multiple_of(UNIT)
                    && F::ERASE_SIZE <= u32::MAX as usize,
                "READ_SIZE and WRITE_SIZE of the flash must divide 64, and 64 its ERASE_SIZE"
            );
        }
        let Range { start, end } = range;
        let (erase_size, capacity) = (F::ERASE_SIZE, flash.capacity());
        let aligned = |offset: u32| (offset as usize).is_multiple_of(erase_size);
        if start < end && end as usize <= capacity && aligned(start) && aligned(end) {
            Ok(Self { flash, range })
        } else {
            Err(CheckpointError::Range { start, end, erase_size, capacity })
        }
    }

    /// The bytes of a range of this many slots, at least two, for this optimizer of this many
    /// parameters.
    #[must_use]
    pub const fn bytes<O: Resumable>(parameters: usize, slots: u32) -> u64 {
        Self::slot_bytes(parameters as u64, O::VECTORS as u64).saturating_mul(slots as u64)
    }

    const fn slot_bytes(parameters: u64, vectors: u64) -> u64 {
        match checkpoint_bytes(parameters, vectors).checked_next_multiple_of(F::ERASE_SIZE as u64) {
            Some(bytes) => bytes,
            None => u64::MAX,
        }
    }

    /// Saves a checkpoint between two steps. Blocks for as long as the flash takes to erase and
    /// write a slot.
    ///
    /// # Errors
    /// [`CheckpointError::StepInProgress`]; [`CheckpointError::Length`];
    /// [`CheckpointError::TooSmall`]; [`CheckpointError::Version`] where the range holds
    /// checkpoints of another version, which [`erase`](Self::erase) gives up;
    /// [`CheckpointError::Exhausted`]. Nothing was written then. After [`CheckpointError::NotKept`]
    /// and [`CheckpointError::Flash`] the checkpoint before is still there.
    pub fn save<O: Resumable>(
        &mut self,
        theta: &[f32],
        optimizer: &O,
    ) -> Result<(), CheckpointError<F::Error>> {
        let (state, mut header) = describe(theta, optimizer, &Settings::of(optimizer))?;
        let slot = self.slot(&header)?;
        let (newest, sequence) = self.newest()?;
        header.sequence = sequence.checked_add(1).ok_or(CheckpointError::Exhausted)?;
        let start = self.next_slot(slot, newest);

        let end = start.saturating_add(slot);
        self.flash.erase(start, end).map_err(CheckpointError::Flash)?;
        header.checksum = self.write(start, theta, &state).map_err(CheckpointError::Flash)?;
        let written = Found { header, start, end };
        if !self.is_intact(&written)? {
            return Err(CheckpointError::NotKept { start });
        }
        header.write(&mut self.flash, start).map_err(CheckpointError::Flash)?;
        if Header::read(&mut self.flash, start)? == Some(header) {
            Ok(())
        } else {
            Err(CheckpointError::NotKept { start })
        }
    }

    /// Takes back the newest checkpoint that is whole, and says how many steps it had done; `None`
    /// where there is none.
    ///
    /// # Errors
    /// [`CheckpointError::StepInProgress`]; [`CheckpointError::Length`];
    /// [`CheckpointError::TooSmall`]; [`CheckpointError::Version`], [`CheckpointError::Optimizer`],
    /// [`CheckpointError::Parameters`] and [`CheckpointError::Setting`] where the checkpoint is not
    /// this optimizer's; [`CheckpointError::Flash`]. Nothing was changed then.
    /// [`CheckpointError::HalfResumed`] is the exception.
    pub fn resume<O: Resumable>(
        &mut self,
        theta: &mut [f32],
        optimizer: &mut O,
    ) -> Result<Option<u32>, CheckpointError<F::Error>> {
        let settings = Settings::of(optimizer);
        let (_, own) = describe(theta, optimizer, &settings)?;
        // Better refused at boot than at the first save.
        self.slot(&own)?;
        let (Some(Found { header, start, .. }), _) = self.newest()? else {
            return Ok(None);
        };
        check_owner(&header, &own, &settings)?;

        let (words, mut reader) = self.open(start, &header)?;
        let [first, second] = optimizer.resume(words).map_err(CheckpointError::StepInProgress)?;
        read_into(&mut reader, theta.iter_mut().chain(first).chain(second))?;
        finish(reader, &header, words)
    }

    /// Takes theta alone from the newest checkpoint, whichever optimizer saved it and with whatever
    /// settings: for a boot that only infers, or for a firmware that goes on with another optimizer
    /// or other settings. Returns the number of steps that were done, `None` where there is no
    /// checkpoint. Needs none of the optimizer's memory.
    ///
    /// ```
    /// # #[path = "../../tests/support/nor_flash.rs"] mod nor_flash;
    /// # type Flash = nor_flash::NorFlashModel<4, 4096>;
    /// use rolling_ball::{Adam, AdamConfig, Checkpoints};
    ///
    /// let adam = Adam::new(AdamConfig::default(), [[0.0; 10]; 3])?;
    /// let mut checkpoints = Checkpoints::new(Flash::new(0x4000), 0..0x4000)?;
    /// checkpoints.save(&[0.5; 10], &adam)?;
    ///
    /// let mut theta = [0.0; 10];
    /// assert_eq!(checkpoints.resume_theta(&mut theta)?, Some(0));
    /// assert_eq!(theta, [0.5; 10]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CheckpointError::Parameters`] where the checkpoint's theta has another length,
    /// [`CheckpointError::Version`], [`CheckpointError::Flash`]; theta is unchanged then.
    /// [`CheckpointError::HalfResumed`].
    pub fn resume_theta(
        &mut self,
        theta: &mut [f32],
    ) -> Result<Option<u32>, CheckpointError<F::Error>> {
        let (Some(Found { header, start, .. }), _) = self.newest()? else {
            return Ok(None);
        };
        let (expected, saved) = (theta.len(), header.parameters as usize);
        if expected != saved {
            return Err(CheckpointError::Parameters { expected, saved });
        }
        let (words, mut reader) = self.open(start, &header)?;
        read_into(&mut reader, theta.iter_mut())?;
        finish(reader, &header, words)
    }

    /// The words of the state in the slot that starts here, and the reader of what follows.
    fn open(
        &mut self,
        start: u32,
        header: &Header,
    ) -> Result<Opened<'_, F>, CheckpointError<F::Error>> {
        let mut reader = payload(&mut self.flash, start, header);
        let mut words = [0; STATE_WORDS];
        for word in &mut words {
            *word = reader.word().map_err(CheckpointError::Flash)?;
        }
        Ok((words, reader))
    }

    /// Erases the whole range, and with it every checkpoint.
    ///
    /// # Errors
    /// [`CheckpointError::Flash`]; some checkpoints may still be there.
    pub fn erase(&mut self) -> Result<(), CheckpointError<F::Error>> {
        self.flash.erase(self.range.start, self.range.end).map_err(CheckpointError::Flash)
    }

    /// Gives the flash back.
    pub fn into_inner(self) -> F {
        self.flash
    }

    /// Bytes of a slot, of which the range must hold two.
    fn slot(&self, header: &Header) -> Result<u32, CheckpointError<F::Error>> {
        let slot = Self::slot_bytes(header.parameters.into(), header.vectors.into());
        let (needed, available) =
            (slot.saturating_mul(2), self.range.end.saturating_sub(self.range.start));
        if needed <= u64::from(available) {
            Ok(slot as u32)
        } else {
            Err(CheckpointError::TooSmall { needed, available })
        }
    }

    /// The slot after this checkpoint.
    fn next_slot(&self, slot: u32, newest: Option<Found>) -> u32 {
        let Range { start, end } = self.range;
        let used = newest.map_or(0, |newest| newest.end.saturating_sub(start));
        let next = start.saturating_add(used.div_ceil(slot.max(1)).saturating_mul(slot));
        if end.saturating_sub(next) < slot { start } else { next }
    }

    /// Writes the payload and returns its checksum.
    fn write(&mut self, start: u32, theta: &[f32], state: &State<'_>) -> Result<u32, F::Error> {
        let mut writer = Writer::new(&mut self.flash, start.saturating_add(UNIT as u32));
        for word in state.words {
            writer.word(word)?;
        }
        let [first, second] = state.vectors;
        for element in theta.iter().chain(first).chain(second) {
            writer.word(element.to_bits())?;
        }
        writer.finish()
    }

    /// The newest checkpoint that is whole, and the highest sequence number of any header, 0 where
    /// there is none.
    fn newest(&mut self) -> Result<(Option<Found>, u32), CheckpointError<F::Error>> {
        let Some(mut found) = self.newest_before(u64::MAX)? else {
            return Ok((None, 0));
        };
        let highest = found.header.sequence;
        while !self.is_intact(&found)? {
            match self.newest_before(found.header.sequence.into())? {
                Some(older) => found = older,
                None => return Ok((None, highest)),
            }
        }
        Ok((Some(found), highest))
    }

    /// The header with the highest sequence number below this. Looks at every erase block, so that
    /// it also finds the checkpoint of an optimizer that needs slots of another size.
    fn newest_before(&mut self, sequence: u64) -> Result<Option<Found>, CheckpointError<F::Error>> {
        let mut newest: Option<Found> = None;
        let mut start = self.range.start;
        while start < self.range.end {
            if let Some(header) = Header::read(&mut self.flash, start)?
                && u64::from(header.sequence) < sequence
                && newest.is_none_or(|newest| newest.header.sequence < header.sequence)
            {
                let slot = Self::slot_bytes(header.parameters.into(), header.vectors.into());
                let end = u64::from(start).saturating_add(slot);
                if end <= u64::from(self.range.end) {
                    newest = Some(Found { header, start, end: end as u32 });
                }
            }
            start = start.saturating_add(F::ERASE_SIZE as u32);
        }
        Ok(newest)
    }

    /// Whether the payload has the checksum of the header.
    fn is_intact(&mut self, found: &Found) -> Result<bool, CheckpointError<F::Error>> {
        let mut reader = payload(&mut self.flash, found.start, &found.header);
        Ok(reader.finish().map_err(CheckpointError::Flash)? == found.header.checksum)
    }
}

/// The words of a checkpoint's state, and the reader of what follows them.
type Opened<'a, F> = ([u32; STATE_WORDS], Reader<'a, F>);

/// The payload of the slot that starts here.
fn payload<'a, F: NorFlash>(flash: &'a mut F, start: u32, header: &Header) -> Reader<'a, F> {
    Reader::new(flash, start.saturating_add(UNIT as u32), header.payload_words())
}

/// The next floats of a checkpoint.
fn read_into<'t, F: NorFlash>(
    reader: &mut Reader<'_, F>,
    floats: impl Iterator<Item = &'t mut f32>,
) -> Result<(), CheckpointError<F::Error>> {
    for float in floats {
        *float = f32::from_bits(reader.word().map_err(|_| CheckpointError::HalfResumed)?);
    }
    Ok(())
}

/// The steps done, if what was read has the checksum of the header.
fn finish<F: NorFlash>(
    mut reader: Reader<'_, F>,
    header: &Header,
    [steps, ..]: [u32; STATE_WORDS],
) -> Result<Option<u32>, CheckpointError<F::Error>> {
    if reader.finish().is_ok_and(|checksum| checksum == header.checksum) {
        Ok(Some(steps))
    } else {
        Err(CheckpointError::HalfResumed)
    }
}

/// What is to be saved, or to be replaced.
fn describe<'a, O: Resumable, E>(
    theta: &[f32],
    optimizer: &'a O,
    settings: &Settings,
) -> Result<(State<'a>, Header), CheckpointError<E>> {
    let state = optimizer.state().map_err(CheckpointError::StepInProgress)?;
    let expected = optimizer.parameters();
    let vectors = state.vectors.iter().map(|vector| vector.len()).filter(|length| *length > 0);
    for actual in vectors.clone().chain([theta.len()]) {
        if expected != actual {
            return Err(CheckpointError::Length { expected, actual });
        }
    }
    let vectors = vectors.fold(0, |count: usize, _| count.saturating_add(1));
    Ok((state, Header::of(optimizer, settings, vectors)))
}

/// Whether what was saved is what is to be resumed.
fn check_owner<E>(
    saved: &Header,
    own: &Header,
    settings: &Settings,
) -> Result<(), CheckpointError<E>> {
    if saved.kind != own.kind {
        return Err(CheckpointError::Optimizer { expected: own.kind, saved: saved.kind });
    }
    if saved.parameters != own.parameters {
        let (expected, saved) = (own.parameters as usize, saved.parameters as usize);
        return Err(CheckpointError::Parameters { expected, saved });
    }
    if let Some(name) = settings.difference(&saved.settings) {
        return Err(CheckpointError::Setting(name));
    }
    if saved.vectors != own.vectors {
        return Err(CheckpointError::Setting("number of vectors"));
    }
    Ok(())
}

/// Words of the state, theta, and the state's vectors.
const fn payload_words(parameters: u64, vectors: u64) -> u64 {
    parameters.saturating_mul(vectors.saturating_add(1)).saturating_add(STATE_WORDS as u64)
}

/// Of a header and a payload, before it is rounded up to erase blocks.
const fn checkpoint_bytes(parameters: u64, vectors: u64) -> u64 {
    payload_words(parameters, vectors).saturating_mul(4).saturating_add(UNIT as u64)
}
