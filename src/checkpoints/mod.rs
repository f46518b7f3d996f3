//! Checkpoints in flash: a ring of slots, of which one is always whole.
//!
//! A slot, in little-endian words: the header (magic, version, sequence number, kind of optimizer,
//! parameters, vectors, checksum of the payload, checksums of eight settings, checksum of the
//! header), then the payload (four words of state, theta, the state's vectors). Each begins at a
//! multiple of the flash's unit and is filled up to one with ones. What is left of the slot stays
//! erased. Version 2 is a theta in few bits, which theta_bits.rs lays out; the bits are the second
//! byte of the word of vectors. Version 3 has further words behind the vectors; header.rs says how
//! the word of vectors tells their number too.

mod encoding;
mod error;
mod flash;
mod header;
mod settings;
mod theta_alone;
mod theta_bits;

pub use error::CheckpointError;
pub use flash::{Flash, FlashSizes};
pub use theta_bits::ThetaBits;

use crate::optimizer::{Kind, Resumable, STATE_WORDS, State};
use core::ops::Range;
use embedded_storage::nor_flash::NorFlash;
use encoding::{Reader, Writer, with_chunk};
use flash::constant_sizes;
use header::{Header, VERSION};
use settings::Settings;
use theta_alone::ThetaAlone;

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
/// the flash must be powers of two up to 512; the largest of them and 64 is the **unit**, which
/// must divide its `ERASE_SIZE`. Else it does not compile. What erased flash holds does not matter.
///
/// **A power failure** at any time leaves the checkpoint before the interrupted one as it was: no
/// word of its slot is written, and the header that makes the new one valid is written last. No
/// word is ever written twice without an erase. The one exception is the first save of another
/// optimizer, where its slot fits neither before nor after the old checkpoint.
///
/// **What cannot be read** is no checkpoint. A flash with error correction (STM32H7, L5 and U5,
/// MCX) answers a read with an error where a write or an erase was interrupted, until it is erased:
/// resuming takes the newest checkpoint that can be read whole, and a save goes on and erases the
/// slot in its turn; where no checkpoint can be read, it then erases all but its own. A read that
/// fails once and not again costs no save: what is saved meanwhile is newer. Where no checkpoint is
/// found and something could not be read, resuming answers [`CheckpointError::Flash`], so that a
/// flash that fails is not taken for an empty one. That is also the answer of an empty range where
/// erased flash cannot be read (LPC55, MCX): start anew and save.
///
/// **A checksum is no authentication.** It finds what happens to a flash by accident. Who can write
/// to the flash can forge a checkpoint: it can name any theta and any state, but it makes nothing
/// panic, and stops no save for longer than until [`erase`](Self::erase). Where that matters,
/// authenticate the slots with a key, as the example `authenticated_checkpoint` does.
///
/// **The format** is version 1, which every version of this library from 0.1 on reads and writes,
/// with the same bits resumed; the tests have images of it. A theta in few bits is version 2, a
/// fine-tuning version 3. Should there be another, a library that writes it still reads all before
/// it, and one that does not know it answers [`CheckpointError::Version`] and leaves the range
/// alone while the newest header is of it. The unit is part of the format: it must stay what it was
/// when another driver is used.
///
/// **Cost.** Flash: a unit, 16 bytes and 4 a parameter, and 4 more a parameter for each vector of
/// the optimizer's state (the ball and momentum one, Adam and DoG with its average two, Prodigy
/// four), for a fine-tuning 96 and 28 a sample more, rounded up to erase blocks, for each slot. A
/// save is one erase of a slot, one write for each 256 bytes (a unit where that is more) and one
/// for the header; it reads 64 bytes (`READ_SIZE` where that is more) of every erase block of the
/// range, the newest checkpoint once to know that it is good, and the new one once to know that it
/// was kept. A resume reads the checkpoint twice. Each checkpoint that turns out to be
/// damaged costs a look at the range and at itself more. RAM: about 1 KB of stack, 256 bytes more
/// where the unit is 512, whatever the number of parameters.
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
    theta_bits: ThetaBits,
}

/// What [`resume_rounded`](Checkpoints::resume_rounded) found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Resumed {
    /// The steps that were done.
    pub steps: u32,
    /// In what theta was kept: in fewer bits than 32 it is not what was saved, and the training
    /// goes on with other bits than one that was not cut.
    pub theta: ThetaBits,
}

/// A checkpoint in flash.
#[derive(Clone, Copy)]
struct Found {
    header: Header,
    start: u32,
    end: u32,
}

impl Found {
    /// What is newer is higher. Two that were forged or copied may have one sequence number.
    fn age(&self) -> (u32, u32) {
        (self.header.sequence, self.start)
    }
}

/// What a look at the range found.
struct Search<E> {
    /// The newest checkpoint that is whole.
    newest: Option<Found>,
    /// The highest sequence number of any header, 0 where there is none.
    highest: u32,
    /// How many headers could not be read, which may have higher numbers.
    hidden: u32,
    /// The last read that failed.
    unreadable: Option<E>,
}

impl<F: NorFlash> Checkpoints<F> {
    /// The bytes of a range of this many slots, at least two, for this optimizer of this many
    /// parameters.
    #[must_use]
    pub const fn bytes<O: Resumable>(parameters: usize, slots: u32) -> u64 {
        Self::bytes_in::<O>(ThetaBits::ThirtyTwo, parameters, slots)
    }

    /// As [`bytes`](Self::bytes), for a theta in few bits.
    #[must_use]
    pub const fn bytes_in<O: Resumable>(theta: ThetaBits, parameters: usize, slots: u32) -> u64 {
        let words = payload_words(theta, parameters as u64, O::VECTORS as u64, 0);
        slot_bytes(constant_sizes::<F>(0), words).saturating_mul(slots as u64)
    }

    /// As [`bytes`](Self::bytes), for what has so many [further words](Resumable::further_words)
    /// beside the state of the optimizer: of a fine-tuning,
    /// [`FineTuningConfig::words`](crate::nn::FineTuningConfig::words).
    ///
    /// ```
    /// # #[path = "../../tests/support/nor_flash.rs"] mod nor_flash;
    /// # type Flash = nor_flash::NorFlashModel<4, 256>;
    /// use rolling_ball::nn::{Credibility, Dense, FineTuning, FineTuningConfig, Network};
    /// use rolling_ball::nn::SoftmaxCrossEntropy;
    /// use rolling_ball::{CheckpointError, Checkpoints, RollingBall};
    ///
    /// type Net = Network<'static, Dense<2, 2>>;
    /// type Theta = [f32; Net::PARAMETERS];
    /// const BYTES: u64 = Checkpoints::<Flash>::bytes_with::<RollingBall<Theta>>(
    ///     Net::PARAMETERS,
    ///     FineTuningConfig::words(4),
    ///     2,
    /// );
    /// let mut checkpoints = Checkpoints::new(Flash::new(0x1000), 0..BYTES as u32)?;
    /// let samples = (&[[1.0, 0.0], [0.0, 1.0], [0.9, 0.2], [0.1, 0.8]], &[0, 1, 0, 1]);
    ///
    /// // At every boot:
    /// let (start, mut theta): (Theta, Theta) = ([0.0; 6], [0.0; 6]);
    /// let (mut known, mut scratch) = ([Credibility::NEW; 4], [0.0; Net::SCRATCH]);
    /// let (network, loss) = (Net::new(&[])?, SoftmaxCrossEntropy::new());
    /// let vectors = [[0.0; 6]; 2];
    /// let mut tuning =
    ///     FineTuning::new(network, loss, samples, &start, vectors, &mut known, &mut scratch)?;
    /// checkpoints.resume(&mut theta, &mut tuning)?;
    /// let mut saved = tuning.steps();
    /// while tuning.poll(&mut theta)?.is_pending() {
    ///     // Between two steps it can be saved, such as after every tenth.
    ///     if tuning.steps() >= saved + 10 {
    ///         checkpoints.save(&theta, &tuning)?;
    ///         saved = tuning.steps();
    ///     }
    /// }
    /// checkpoints.save_theta(&theta)?; // what is deployed
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn bytes_with<O: Resumable>(parameters: usize, further: usize, slots: u32) -> u64 {
        let theta = ThetaBits::ThirtyTwo;
        let words = payload_words(theta, parameters as u64, O::VECTORS as u64, further as u64);
        slot_bytes(constant_sizes::<F>(0), words).saturating_mul(slots as u64)
    }
}

impl<F: Flash> Checkpoints<F> {
    /// In a range of the flash. Nothing is read or written yet.
    ///
    /// # Errors
    /// [`CheckpointError::Range`] where it is not made of erase blocks of the flash;
    /// [`CheckpointError::Sizes`] where the sizes of a flash that tells them at run time do not
    /// [`fit`](FlashSizes::fit).
    pub fn new(flash: F, range: Range<u32>) -> Result<Self, CheckpointError<F::Error>> {
        let () = F::CHECK;
        let Range { start, end } = range;
        let sizes = flash.sizes();
        if !sizes.fit() {
            return Err(CheckpointError::Sizes(sizes));
        }
        let FlashSizes { erase: erase_size, capacity, .. } = sizes;
        let aligned = |offset: u32| (offset as usize).is_multiple_of(erase_size);
        if start < end && end as usize <= capacity && aligned(start) && aligned(end) {
            Ok(Self { flash, range, theta_bits: ThetaBits::ThirtyTwo })
        } else {
            Err(CheckpointError::Range { start, end, erase_size, capacity })
        }
    }

    /// In how many bits theta is saved from now on; the optimizer's vectors stay in 32. What was
    /// saved so is taken back by [`resume_rounded`](Self::resume_rounded) and
    /// [`resume_theta`](Self::resume_theta) only, as the bits of a training change with it.
    ///
    /// At 8 bits that cost no accuracy in docs/few_bits.md. At 4 bits small steps are lost in each
    /// save, and a training that is cut often does not get on: save the end of one so.
    ///
    /// ```
    /// # #[path = "../../tests/support/nor_flash.rs"] mod nor_flash;
    /// # type Flash = nor_flash::NorFlashModel<4, 256>;
    /// use rolling_ball::{CheckpointError, Checkpoints, Resumed, RollingBall, ThetaBits};
    /// use rolling_ball::RollingBallConfig;
    ///
    /// const N: usize = 1000;
    /// type Ball = RollingBall<[f32; N]>;
    /// assert_eq!(Checkpoints::<Flash>::bytes::<Ball>(N, 1), 8192);
    /// assert_eq!(Checkpoints::<Flash>::bytes_in::<Ball>(ThetaBits::Eight, N, 1), 5376);
    ///
    /// let mut ball = Ball::new(RollingBallConfig::default(), [[0.0; N]; 2])?;
    /// let mut checkpoints =
    ///     Checkpoints::new(Flash::new(0x4000), 0..0x4000)?.with_theta_bits(ThetaBits::Eight);
    /// let saved: [f32; N] = core::array::from_fn(|index| (index as f32).sin());
    /// checkpoints.save(&saved, &ball)?;
    ///
    /// let mut theta = [0.0; N];
    /// let refused = checkpoints.resume(&mut theta, &mut ball);
    /// assert_eq!(refused, Err(CheckpointError::Rounded(ThetaBits::Eight)));
    /// let resumed = checkpoints.resume_rounded(&mut theta, &mut ball)?;
    /// assert_eq!(resumed, Some(Resumed { steps: 0, theta: ThetaBits::Eight }));
    /// assert!(theta.iter().zip(saved).all(|(t, saved)| (t - saved).abs() < 0.004));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_theta_bits(self, theta_bits: ThetaBits) -> Self {
        Self { theta_bits, ..self }
    }

    /// Saves a checkpoint between two steps. Blocks for as long as the flash takes to erase and
    /// write a slot.
    ///
    /// # Errors
    /// [`CheckpointError::StepInProgress`]; [`CheckpointError::Length`];
    /// [`CheckpointError::NonFiniteParameters`]; [`CheckpointError::TooSmall`];
    /// [`CheckpointError::Version`] where the newest checkpoint is of another version, which
    /// [`erase`](Self::erase) gives up. Nothing was written then. After
    /// [`CheckpointError::NotKept`] and [`CheckpointError::Flash`] the newest checkpoint that could
    /// be read is still there.
    pub fn save<O: Resumable>(
        &mut self,
        theta: &[f32],
        optimizer: &O,
    ) -> Result<(), CheckpointError<F::Error>> {
        let (state, mut header) =
            describe(theta, optimizer, &Settings::of(optimizer), self.theta_bits)?;
        if !theta.iter().all(|element| element.is_finite()) {
            return Err(CheckpointError::NonFiniteParameters);
        }
        let slot = self.slot(&header)?;
        let Search { newest, highest, hidden, .. } = self.search()?;
        let start = self.next_slot(slot, newest);
        let end = start.saturating_add(slot);
        // What could not be read now may be read again later, and then must not be newer. No flash
        // lasts for so many saves: the highest number of all was forged. None is newer, so numbers
        // begin anew, and no other header may stay. The old checkpoint is the last to go.
        let (sequence, anew) = highest.overflowing_add(hidden.saturating_add(1));
        header.sequence = sequence;
        if anew {
            let (start, end) = newest.map_or((start, start), |newest| (newest.start, newest.end));
            self.erase_around(start, end)?;
        }

        self.erase_piece(start..end)?;
        header.checksum =
            self.write(start, theta, &state, optimizer).map_err(CheckpointError::Flash)?;
        let written = Found { header, start, end };
        if !self.is_whole(&written).map_err(CheckpointError::Flash)? {
            return Err(CheckpointError::NotKept { start });
        }
        header.write(&mut self.flash, start).map_err(CheckpointError::Flash)?;
        let kept = Header::read(&mut self.flash, start).map_err(CheckpointError::Flash)?;
        if kept != Some(header) {
            return Err(CheckpointError::NotKept { start });
        }
        // Where none was whole, nothing says which numbers those have that could not be read.
        let alone = anew || (newest.is_none() && hidden > 0);
        if alone { self.erase_around(start, end) } else { Ok(()) }
    }

    /// Saves theta alone, for a device whose training is over: [`resume_theta`](Self::resume_theta)
    /// takes it back, and no optimizer does. It needs none of the optimizer's memory.
    ///
    /// ```
    /// # #[path = "../../tests/support/nor_flash.rs"] mod nor_flash;
    /// # type Flash = nor_flash::NorFlashModel<4, 4096>;
    /// use rolling_ball::Checkpoints;
    ///
    /// let mut checkpoints = Checkpoints::new(Flash::new(0x4000), 0..0x4000)?;
    /// checkpoints.save_theta(&[0.5; 10])?;
    ///
    /// let mut theta = [0.0; 10];
    /// assert_eq!(checkpoints.resume_theta(&mut theta)?, Some(0));
    /// assert_eq!(theta, [0.5; 10]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn save_theta(&mut self, theta: &[f32]) -> Result<(), CheckpointError<F::Error>> {
        self.save(theta, &ThetaAlone { parameters: theta.len() })
    }

    /// Takes back the newest checkpoint that is whole, and says how many steps it had done; `None`
    /// where there is none. One that cannot be read is not whole, nor is one whose theta is not
    /// finite, which no save writes.
    ///
    /// # Errors
    /// [`CheckpointError::StepInProgress`]; [`CheckpointError::Length`];
    /// [`CheckpointError::TooSmall`]; [`CheckpointError::Version`], [`CheckpointError::Optimizer`],
    /// [`CheckpointError::Parameters`] and [`CheckpointError::Setting`] where the checkpoint is not
    /// this optimizer's; [`CheckpointError::Rounded`] where its theta is in few bits;
    /// [`CheckpointError::Flash`] where none was found and something could not be
    /// read, or what was found not once more. Nothing was changed then.
    /// [`CheckpointError::HalfResumed`] is the exception: the checkpoint was read once to know that
    /// it is whole, but could only be read in part when it was read into theta.
    pub fn resume<O: Resumable>(
        &mut self,
        theta: &mut [f32],
        optimizer: &mut O,
    ) -> Result<Option<u32>, CheckpointError<F::Error>> {
        let resumed = self.resume_in(theta, optimizer, Some(ThetaBits::ThirtyTwo))?;
        Ok(resumed.map(|resumed| resumed.steps))
    }

    /// As [`resume`](Self::resume), but takes a theta in few bits too, and says which it was: then
    /// the training does not go on with the same bits.
    ///
    /// # Errors
    /// As [`resume`](Self::resume), but never [`CheckpointError::Rounded`].
    pub fn resume_rounded<O: Resumable>(
        &mut self,
        theta: &mut [f32],
        optimizer: &mut O,
    ) -> Result<Option<Resumed>, CheckpointError<F::Error>> {
        self.resume_in(theta, optimizer, None)
    }

    /// Takes back the newest checkpoint, if its theta is in these bits, or in any.
    fn resume_in<O: Resumable>(
        &mut self,
        theta: &mut [f32],
        optimizer: &mut O,
        wanted: Option<ThetaBits>,
    ) -> Result<Option<Resumed>, CheckpointError<F::Error>> {
        let settings = Settings::of(optimizer);
        let (_, own) = describe(theta, optimizer, &settings, self.theta_bits)?;
        // Better refused at boot than at the first save.
        self.slot(&own)?;
        let Some(Found { header, start, .. }) = self.newest()? else {
            return Ok(None);
        };
        check_owner(&header, &own, &settings)?;
        if wanted.is_some_and(|wanted| wanted != header.theta) {
            return Err(CheckpointError::Rounded(header.theta));
        }

        with_chunk(self.flash.sizes(), |chunk| {
            let (words, mut reader) = self.open(start, &header, chunk)?;
            let vectors = optimizer.resume(words).map_err(CheckpointError::StepInProgress)?;
            read_theta(&mut reader, &header, theta)?;
            read_into(&mut reader, vectors.into_iter().flatten())?;
            let mut failed = false;
            optimizer.resume_further(&mut || {
                let word = reader.word();
                failed |= word.is_err();
                word.unwrap_or_default()
            });
            if failed {
                return Err(CheckpointError::HalfResumed);
            }
            let steps = finish(reader, &header, words)?;
            Ok(Some(Resumed { steps, theta: header.theta }))
        })
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
    /// [`CheckpointError::Optimizer`] where it is of a fine-tuning, whose theta is one on the way
    /// and not to be deployed: save the end of one by [`save_theta`](Self::save_theta);
    /// [`CheckpointError::Version`], [`CheckpointError::Flash`]; theta is unchanged then.
    /// [`CheckpointError::HalfResumed`].
    pub fn resume_theta(
        &mut self,
        theta: &mut [f32],
    ) -> Result<Option<u32>, CheckpointError<F::Error>> {
        let Some(Found { header, start, .. }) = self.newest()? else {
            return Ok(None);
        };
        if header.kind.is_fine_tuning() {
            let (expected, saved) = (Kind::THETA_ALONE, header.kind);
            return Err(CheckpointError::Optimizer { expected, saved });
        }
        let (expected, saved) = (theta.len(), header.parameters as usize);
        if expected != saved {
            return Err(CheckpointError::Parameters { expected, saved });
        }
        with_chunk(self.flash.sizes(), |chunk| {
            let (words, mut reader) = self.open(start, &header, chunk)?;
            read_theta(&mut reader, &header, theta)?;
            finish(reader, &header, words).map(Some)
        })
    }

    /// The words of the state in the slot that starts here, and the reader of what follows.
    fn open<'a>(
        &'a mut self,
        start: u32,
        header: &Header,
        chunk: &'a mut [[u8; 4]],
    ) -> Result<Opened<'a, F>, CheckpointError<F::Error>> {
        let mut reader = payload(&mut self.flash, start, header, chunk);
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
        self.erase_piece(self.range.clone())
    }

    /// Gives the flash back.
    pub fn into_inner(self) -> F {
        self.flash
    }

    /// Bytes of a slot, of which the range must hold two.
    fn slot(&self, header: &Header) -> Result<u32, CheckpointError<F::Error>> {
        let slot = header.slot_bytes(self.flash.sizes());
        let (needed, available) =
            (slot.saturating_mul(2), self.range.end.saturating_sub(self.range.start));
        if needed <= u64::from(available) {
            Ok(slot as u32)
        } else {
            Err(CheckpointError::TooSmall { needed, available })
        }
    }

    /// The slot after this checkpoint, or the first one.
    fn next_slot(&self, slot: u32, newest: Option<Found>) -> u32 {
        let Range { start, end } = self.range;
        let used = newest.map_or(0, |newest| newest.end.saturating_sub(start));
        let used = used.checked_next_multiple_of(slot).unwrap_or(u32::MAX);
        let next = start.saturating_add(used);
        let fits = |next: u32| end.saturating_sub(next) >= slot;
        match newest {
            _ if fits(next) => next,
            // Of an optimizer with larger slots, which reaches into the first.
            Some(newest) if newest.start.saturating_sub(start) < slot && fits(newest.end) => {
                newest.end
            }
            _ => start,
        }
    }

    /// Erases all of the range but this piece.
    fn erase_around(&mut self, start: u32, end: u32) -> Result<(), CheckpointError<F::Error>> {
        self.erase_piece(self.range.start..start)?;
        self.erase_piece(end..self.range.end)
    }

    #[inline(never)] // Else the driver's erase is in flash more than once.
    fn erase_piece(&mut self, piece: Range<u32>) -> Result<(), CheckpointError<F::Error>> {
        if piece.is_empty() {
            return Ok(());
        }
        self.flash.erase(piece.start, piece.end).map_err(CheckpointError::Flash)
    }

    /// Writes the payload and returns its checksum.
    fn write<O: Resumable>(
        &mut self,
        start: u32,
        theta: &[f32],
        state: &State<'_>,
        optimizer: &O,
    ) -> Result<u32, F::Error> {
        let sizes = self.flash.sizes();
        with_chunk(sizes, |chunk| {
            let mut writer = Writer::new(&mut self.flash, payload_start(sizes, start), chunk);
            for word in state.words {
                writer.word(word)?;
            }
            self.theta_bits.write(theta, &mut writer)?;
            for element in state.vectors.into_iter().flatten() {
                writer.word(element.to_bits())?;
            }
            let mut written = Ok(());
            optimizer.tell_further(&mut |word| {
                if written.is_ok() {
                    written = writer.word(word);
                }
            });
            written?;
            writer.finish()
        })
    }

    /// The newest checkpoint that is whole; an error where there is none, but there may be one that
    /// could not be read.
    fn newest(&mut self) -> Result<Option<Found>, CheckpointError<F::Error>> {
        let Search { newest, unreadable, .. } = self.search()?;
        match (newest, unreadable) {
            (None, Some(error)) => Err(CheckpointError::Flash(error)),
            (newest, _) => Ok(newest),
        }
    }

    /// Looks for the newest checkpoint that is whole. The error is [`CheckpointError::Version`].
    fn search(&mut self) -> Result<Search<F::Error>, CheckpointError<F::Error>> {
        let mut search = Search { newest: None, highest: 0, hidden: 0, unreadable: None };
        let mut last: Option<Found> = None;
        while let Some(found) = self.newest_before(last.map(|last| last.age()), &mut search) {
            if last.is_none() {
                search.highest = found.header.sequence;
            }
            if !found.header.is_known() {
                let saved = found.header.version;
                return Err(CheckpointError::Version { expected: VERSION, saved });
            }
            match self.is_whole(&found) {
                Ok(true) => {
                    search.newest = Some(found);
                    break;
                }
                Ok(false) => {}
                Err(error) => search.unreadable = Some(error),
            }
            last = Some(found);
        }
        Ok(search)
    }

    /// The newest header that is older than this age. Looks at every erase block, so that it also
    /// finds the checkpoint of an optimizer that needs slots of another size. Each header is read
    /// by itself: one that cannot be read hides no other.
    fn newest_before(
        &mut self,
        age: Option<(u32, u32)>,
        search: &mut Search<F::Error>,
    ) -> Option<Found> {
        let (mut newest, mut hidden): (Option<Found>, u32) = (None, 0);
        let mut start = self.range.start;
        while start < self.range.end {
            match Header::read(&mut self.flash, start) {
                Ok(Some(header)) => {
                    let slot = header.slot_bytes(self.flash.sizes());
                    let end = u64::from(start).saturating_add(slot);
                    let fits = !header.is_known() || end <= u64::from(self.range.end);
                    let found = Found { header, start, end: end as u32 };
                    if fits
                        && age.is_none_or(|age| found.age() < age)
                        && newest.is_none_or(|newest| newest.age() < found.age())
                    {
                        newest = Some(found);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    search.unreadable = Some(error);
                    hidden = hidden.saturating_add(1);
                }
            }
            start = start.saturating_add(self.flash.sizes().erase as u32);
        }
        search.hidden = search.hidden.max(hidden);
        newest
    }

    /// Whether the payload has the checksum of the header, and theta is finite.
    fn is_whole(&mut self, found: &Found) -> Result<bool, F::Error> {
        let Found { header, start, .. } = found;
        with_chunk(self.flash.sizes(), |chunk| {
            let mut reader = payload(&mut self.flash, *start, header, chunk);
            for _ in 0..STATE_WORDS {
                reader.word()?;
            }
            let mut finite = true;
            header.theta.read(header.parameters as usize, &mut reader, |element| {
                finite &= element.is_finite();
            })?;
            Ok(reader.finish()? == header.checksum && finite)
        })
    }
}

/// The words of a checkpoint's state, and the reader of what follows them.
type Opened<'a, F> = ([u32; STATE_WORDS], Reader<'a, F>);

/// Where the payload of the slot that starts here starts.
fn payload_start(sizes: FlashSizes, start: u32) -> u32 {
    start.saturating_add(sizes.unit() as u32)
}

/// The payload of the slot that starts here.
fn payload<'a, F: Flash>(
    flash: &'a mut F,
    start: u32,
    header: &Header,
    chunk: &'a mut [[u8; 4]],
) -> Reader<'a, F> {
    let offset = payload_start(flash.sizes(), start);
    Reader::new(flash, offset, header.payload_words(), chunk)
}

/// The theta of a checkpoint, which is as long as this one.
fn read_theta<F: Flash>(
    reader: &mut Reader<'_, F>,
    header: &Header,
    theta: &mut [f32],
) -> Result<(), CheckpointError<F::Error>> {
    let mut places = theta.iter_mut();
    let read = header.theta.read(header.parameters as usize, reader, |element| {
        if let Some(place) = places.next() {
            *place = element;
        }
    });
    read.map_err(|_| CheckpointError::HalfResumed)
}

/// The next floats of a checkpoint.
fn read_into<'t, F: Flash>(
    reader: &mut Reader<'_, F>,
    floats: impl Iterator<Item = &'t mut f32>,
) -> Result<(), CheckpointError<F::Error>> {
    for float in floats {
        *float = f32::from_bits(reader.word().map_err(|_| CheckpointError::HalfResumed)?);
    }
    Ok(())
}

/// The steps done, if what was read has the checksum of the header.
fn finish<F: Flash>(
    mut reader: Reader<'_, F>,
    header: &Header,
    [steps, ..]: [u32; STATE_WORDS],
) -> Result<u32, CheckpointError<F::Error>> {
    if reader.finish().is_ok_and(|checksum| checksum == header.checksum) {
        Ok(steps)
    } else {
        Err(CheckpointError::HalfResumed)
    }
}

/// What is to be saved, or to be replaced.
fn describe<'a, O: Resumable, E>(
    theta: &[f32],
    optimizer: &'a O,
    settings: &Settings,
    theta_bits: ThetaBits,
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
    Ok((state, Header::of(optimizer, settings, vectors, theta_bits)))
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
    if saved.further != own.further {
        return Err(CheckpointError::Setting("number of further words"));
    }
    Ok(())
}

/// Bytes of a slot, in whole erase blocks.
const fn slot_bytes(sizes: FlashSizes, payload_words: u64) -> u64 {
    let bytes = payload_words.saturating_mul(4);
    let bytes = bytes.saturating_add(sizes.unit() as u64);
    match bytes.checked_next_multiple_of(sizes.erase as u64) {
        Some(bytes) => bytes,
        None => u64::MAX,
    }
}

/// Words of the state, theta, the state's vectors, and what is further there.
const fn payload_words(theta: ThetaBits, parameters: u64, vectors: u64, further: u64) -> u64 {
    let words = theta.words(parameters).saturating_add(parameters.saturating_mul(vectors));
    words.saturating_add(STATE_WORDS as u64).saturating_add(further)
}
