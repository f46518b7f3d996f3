//! The device's half: answers requests, and keeps a round in flash.

use crate::checksum::Checksum;
use crate::fields::{Writer, floats};
use crate::message::{
    Begin, Encoding, Hello, Metrics, Refusal, Request, RoundId, Stage, Status, VERSION,
    write_update,
};
use crate::region::{self, Outcome, Region, erase, value_bytes};
use crate::storage::{Failed, Storage, Stored};
use crate::update::change;
use crate::{CHUNK, CHUNK_BYTES, DeviceError, Frame, int8};
use core::convert::Infallible;
use core::ops::Range;
use rolling_ball::Flash;

/// The model of a device, and where it keeps its rounds.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceConfig {
    /// A hash that tells the model from others, of its frozen part as well. The devices of a
    /// federation have the same.
    pub model: u32,
    /// The parameters that are trained.
    pub parameters: u32,
    /// The samples that it would learn from.
    pub samples: u32,
    /// The range of the flash that is the fleet's alone: [`Device::bytes`] of it, or more.
    pub range: Range<u32>,
    /// The range of the checkpoints of the training, or an empty one. It is erased before a round
    /// begins, so that no checkpoint of another round is resumed.
    pub checkpoints: Range<u32>,
}

/// The device's half of the protocol.
///
/// The firmware hands it each byte that comes, with the flash and its theta, and sends what it
/// answers. When the [`stage`](Self::stage) is [`Stage::Training`], the firmware takes the round's
/// [`start`](Self::start), trains as [`round`](Self::round) says, with checkpoints as always, and
/// tells the end by [`trained`](Self::trained). From then on it leaves theta alone until another
/// stage is reached.
///
/// **A power failure** at any time, in flash or in the middle of a message, loses no more than what
/// was trained since the last checkpoint, and of a theta that comes what has come. What is
/// interrupted is asked for again by the gateway, and the update has the same bits, as long as the
/// samples are the same: a device that gathers samples does not learn from new ones until the round
/// is over.
///
/// **A hostile gateway** can have the device learn from any finite theta, as long as the settings
/// say, and wear its flash, but makes nothing panic, and overwrites nothing else. A checksum is no
/// authentication: where that matters, the transport authenticates.
///
/// **Cost.** RAM: less than 1 KB, with the stack, and flash for at most 6 KB of code, where this
/// crate is built for size (`opt-level = "z"` in a profile's `package.rolling-ball-fleet`); flash
/// for rounds: [`bytes`](Self::bytes). A round erases one record, theta once, and one of two
/// outcomes.
///
/// ```
/// # #[path = "../../../tests/support/nor_flash.rs"] mod nor_flash;
/// # type Flash = nor_flash::NorFlashModel<4, 256>;
/// use rolling_ball_fleet::{
///     Answer, Begin, Device, DeviceConfig, Encoding, Frame, Metrics, Request, RoundId, Stage,
///     checksum,
/// };
///
/// const N: usize = 3;
/// let mut flash = Flash::new(0x1000);
/// let config = DeviceConfig {
///     model: 0x1234,
///     parameters: N as u32,
///     samples: 20,
///     range: 0..Device::bytes(256, N) as u32,
///     checkpoints: 0..0,
/// };
/// let mut device = Device::new(&mut flash, config)?;
/// let mut theta = [0.0; N];
///
/// // What a gateway sends.
/// let start = [0.5, -1.0, 2.0];
/// let id = RoundId { federation: 1, round: 1 };
/// let begin = Begin {
///     id,
///     model: 0x1234,
///     parameters: N as u32,
///     theta: checksum(&start),
///     steps: 20,
///     radius: 0.1,
///     learning_rate: 0.5,
///     ..Begin::default()
/// };
/// let values: Vec<u8> = start.iter().flat_map(|value| value.to_le_bytes()).collect();
/// for request in [Request::Begin(begin), Request::Theta { id, offset: 0, values: &values }] {
///     let mut frame = Frame::new();
///     for byte in request.frame(&mut frame).unwrap() {
///         if let Some(answer) = device.hear(*byte, &mut flash, &theta) {
///             // The serial port sends it.
///         }
///     }
/// }
///
/// // The main loop of the firmware looks at the stage.
/// assert_eq!(device.stage(), Stage::Training);
/// device.start(&mut flash, &mut theta)?;
/// theta[1] += 0.25; // It learns.
/// device.trained(id, &theta, Metrics { samples: 20, ..Metrics::default() })?;
///
/// let mut frame = Frame::new();
/// let mut answer = Vec::new();
/// for byte in (Request::Update { id, offset: 0 }).frame(&mut frame).unwrap() {
///     answer.extend(device.hear(*byte, &mut flash, &theta).unwrap_or_default());
/// }
/// let mut heard = Frame::new();
/// let (end, rest) = answer.split_last().unwrap();
/// rest.iter().for_each(|byte| assert!(heard.push(*byte).is_none()));
/// let expected: Vec<u8> = [0.0_f32, 0.25, 0.0].iter().flat_map(|v| v.to_le_bytes()).collect();
/// let update = Answer::Update {
///     id,
///     offset: 0,
///     encoding: Encoding::F32,
///     scale: 1.0,
///     values: &expected,
/// };
/// assert_eq!(Answer::read(heard.push(*end).unwrap()), Some(update));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Device {
    frame: Frame,
    own: Own,
}

/// All but the buffer of a frame, which a request lies in while it is answered.
#[derive(Clone, Debug)]
struct Own {
    model: u32,
    parameters: u32,
    samples: u32,
    checkpoints: Range<u32>,
    region: Region,
    /// The newest round that it knows.
    newest: RoundId,
    /// The round that it is in.
    round: Option<Begin>,
    /// Whether that is kept in the second record, and not in the first.
    second_record: bool,
    stage: Stage,
    /// The values of theta that have come.
    have: u32,
    /// The outcome that has the residual: the second, or the first.
    outcome: Option<(bool, Outcome)>,
    metrics: Metrics,
}

/// What is to be sent.
enum Reply {
    Hello,
    Status(Refusal),
    Update { offset: u32, encoding: Encoding, scale: f32 },
}

impl Device {
    /// The bytes of flash that it needs, where an erase block has so many.
    #[must_use]
    pub const fn bytes(erase_size: usize, parameters: usize) -> u64 {
        region::bytes(erase_size, parameters)
    }

    /// Looks what is in flash: a device that was reset goes on with the round that it was in.
    ///
    /// # Errors
    /// [`DeviceError::Sizes`] and [`DeviceError::Range`] where the flash or the range is not as it
    /// must be.
    pub fn new<F: Flash>(
        flash: &mut F,
        config: DeviceConfig,
    ) -> Result<Self, DeviceError<F::Error>> {
        let sizes = flash.sizes();
        if !Region::fits(&sizes) {
            return Err(DeviceError::Sizes(sizes));
        }
        let Range { start, end } = config.range;
        match Region::new(sizes, &config.range, config.parameters) {
            Ok(region) => Ok(Self::open(region, &config, &mut Stored::new(flash))),
            Err(needed) => Err(DeviceError::Range { start, end, needed: needed.into() }),
        }
    }

    /// How far it is in its round.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.own.stage
    }

    /// The round that it is in, or that was the last.
    #[must_use]
    pub fn round(&self) -> Option<&Begin> {
        self.own.round.as_ref()
    }

    /// Says how many samples there are, which a hello tells.
    pub fn set_samples(&mut self, samples: u32) {
        self.own.samples = samples;
    }

    /// Takes a byte that came. Returns the frame to be sent, where one is due; what comes while it
    /// is sent is lost, and asked again.
    ///
    /// Theta is looked at from the stage [`Stage::Ready`] on, and must be the trained one then.
    /// Blocks for as long as the flash takes to erase the range of theta, once a round.
    #[must_use]
    pub fn hear<F: Flash>(&mut self, byte: u8, flash: &mut F, theta: &[f32]) -> Option<&[u8]> {
        self.answer(byte, &mut Stored::new(flash), theta)
    }

    /// Reads the theta that the round starts from.
    ///
    /// # Errors
    /// [`DeviceError::NoRound`] where there is none, or it has not all come;
    /// [`DeviceError::Length`]; [`DeviceError::Flash`].
    pub fn start<F: Flash>(
        &self,
        flash: &mut F,
        theta: &mut [f32],
    ) -> Result<(), DeviceError<F::Error>> {
        let mut stored = Stored::new(flash);
        match self.own.start(&mut stored, theta) {
            Ok(()) => Ok(()),
            Err(Unstarted::NoRound) => Err(DeviceError::NoRound),
            Err(Unstarted::Length { expected, actual }) => {
                Err(DeviceError::Length { expected, actual })
            }
            Err(Unstarted::Flash) => Err(failure(stored)),
        }
    }

    /// The theta of a round is trained, and stays as it is until the stage is another. The metrics'
    /// checksum of theta is filled in.
    ///
    /// # Errors
    /// [`DeviceError::NoRound`] where this round is not to be trained, such as when another has
    /// begun meanwhile; [`DeviceError::Length`]; [`DeviceError::NotFinite`]. The stage stays as it
    /// is.
    #[inline(never)] // It goes twice over theta, and need not be fast.
    pub fn trained(
        &mut self,
        id: RoundId,
        theta: &[f32],
        metrics: Metrics,
    ) -> Result<(), DeviceError<Infallible>> {
        if !self.is_training(id) {
            return Err(DeviceError::NoRound);
        }
        let (expected, actual) = (self.own.parameters as usize, theta.len());
        if expected != actual {
            return Err(DeviceError::Length { expected, actual });
        }
        if !theta.iter().all(|value| value.is_finite()) {
            return Err(DeviceError::NotFinite);
        }
        self.own.metrics = Metrics { theta: crate::checksum(theta), ..metrics };
        self.own.stage = Stage::Ready;
        Ok(())
    }

    /// The training of a round has failed: there is no update in it.
    pub fn give_up(&mut self, id: RoundId) {
        if self.is_training(id) {
            self.own.stage = Stage::Failed;
        }
    }

    /// Whether this round is to be trained. A firmware looks between two steps whether it still is.
    #[must_use]
    pub fn is_training(&self, id: RoundId) -> bool {
        self.own.stage == Stage::Training && self.own.expect(id).is_ok()
    }

    /// Forgets all rounds, so that one of a lower number can begin: for who owns the device.
    ///
    /// # Errors
    /// [`DeviceError::Flash`].
    pub fn forget<F: Flash>(&mut self, flash: &mut F) -> Result<(), DeviceError<F::Error>> {
        let own = &mut self.own;
        let (end, mut stored) = (own.region.outcome(true).end, Stored::new(flash));
        let erased = erase(&mut stored, own.region.record(false).start, end);
        (own.newest, own.round, own.outcome) = (RoundId::default(), None, None);
        (own.stage, own.have, own.metrics) = (Stage::Idle, 0, Metrics::default());
        erased.map_err(|Failed| failure(stored))
    }

    #[inline(never)] // It is as large for every flash.
    fn open(region: Region, config: &DeviceConfig, flash: &mut dyn Storage) -> Self {
        let own = Own {
            model: config.model,
            parameters: config.parameters,
            samples: config.samples,
            checkpoints: config.checkpoints.clone(),
            region,
            newest: RoundId::default(),
            round: None,
            second_record: false,
            stage: Stage::Idle,
            have: 0,
            outcome: None,
            metrics: Metrics::default(),
        };
        let mut device = Self { frame: Frame::new(), own };
        device.own.look(flash);
        device
    }

    #[inline(never)] // It is as large for every flash.
    fn answer(&mut self, byte: u8, flash: &mut dyn Storage, theta: &[f32]) -> Option<&[u8]> {
        let Self { frame, own } = self;
        let content = frame.push(byte)?;
        let reply = match Request::read(content) {
            Some(request) => {
                own.answer(&request, content, flash, theta).unwrap_or_else(Reply::Status)
            }
            // It may be a request of another version, so the answer tells which one this is.
            None => Reply::Hello,
        };
        let mut failed = false;
        let sent = frame.write(|writer| match reply {
            Reply::Hello => own.hello().write(writer),
            Reply::Status(refusal) => own.status(refusal).write(writer),
            Reply::Update { offset, encoding, scale } => {
                write_update(writer, own.newest, offset, encoding, scale);
                failed = own.write_values(flash, theta, offset, encoding, scale, writer).is_err();
            }
        });
        // It is asked again.
        if failed { None } else { Some(sent) }
    }
}

/// What a flash has failed with.
fn failure<F: Flash>(stored: Stored<'_, F>) -> DeviceError<F::Error> {
    // It has failed, so there is one.
    stored.error.map_or(DeviceError::NoRound, DeviceError::Flash)
}

/// Why there is no theta to start from.
enum Unstarted {
    NoRound,
    Length { expected: usize, actual: usize },
    Flash,
}

impl Own {
    #[inline(never)] // It is as large for every flash.
    fn start(&self, flash: &mut dyn Storage, theta: &mut [f32]) -> Result<(), Unstarted> {
        if matches!(self.stage, Stage::Idle | Stage::Receiving) {
            return Err(Unstarted::NoRound);
        }
        let (expected, actual) = (self.parameters as usize, theta.len());
        if expected != actual {
            return Err(Unstarted::Length { expected, actual });
        }
        let mut places = theta.iter_mut();
        let read = self.region.each_piece(flash, self.region.theta().start, &mut |bytes| {
            // Values first: a place that is taken is filled.
            for (value, place) in floats(bytes).zip(&mut places) {
                *place = value;
            }
        });
        read.map_err(|Failed| Unstarted::Flash)
    }

    /// Finds the newest round, and how far it was.
    fn look(&mut self, flash: &mut dyn Storage) {
        for second in [false, true] {
            self.look_at_record(flash, second);
            self.look_at_outcome(flash, second);
        }
        let ended = self.ended();
        if ended < self.newest {
            return self.take(flash);
        }
        self.newest = ended;
        if self.round.is_some() {
            self.stage = Stage::Done;
        }
    }

    /// Enters the round of a record that is newer than all that it knows.
    fn look_at_record(&mut self, flash: &mut dyn Storage, second: bool) {
        // Of another firmware's model there is nothing to go on with.
        if let Some(begin) = self.region.read_record(flash, second)
            && begin.model == self.model
            && begin.parameters == self.parameters
            && self.newest < begin.id
        {
            (self.round, self.second_record, self.newest) = (Some(begin), second, begin.id);
        }
    }

    /// Takes an outcome that is newer than the one that it has.
    fn look_at_outcome(&mut self, flash: &mut dyn Storage, second: bool) {
        if let Some(outcome) = self.region.read_outcome(flash, second)
            && outcome.model == self.model
            && self.ended() < outcome.id
        {
            self.outcome = Some((second, outcome));
        }
    }

    /// The newest round that has an outcome; zeros where there is none.
    fn ended(&self) -> RoundId {
        self.outcome.map(|(_, outcome)| outcome.id).unwrap_or_default()
    }

    /// A round begins, or goes on: whoever has its theta already need not be sent it.
    fn take(&mut self, flash: &mut dyn Storage) {
        self.metrics = Metrics::default();
        let here = self.round.is_some_and(|round| self.region.holds(flash, round.theta));
        (self.stage, self.have) =
            if here { (Stage::Training, self.parameters) } else { (Stage::Receiving, 0) };
    }

    fn hello(&self) -> Hello {
        let Self { model, parameters, samples, newest, stage, .. } = *self;
        let chunk = CHUNK as u16;
        Hello { version: VERSION, model, parameters, samples, id: newest, stage, chunk }
    }

    fn status(&self, refusal: Refusal) -> Status {
        let Self { newest, stage, have, metrics, .. } = *self;
        Status { id: newest, stage, have, refusal, metrics }
    }

    #[inline(never)] // With the frame, its fields are far, and longer to reach.
    fn answer(
        &mut self,
        request: &Request,
        content: &[u8],
        flash: &mut dyn Storage,
        theta: &[f32],
    ) -> Result<Reply, Refusal> {
        match *request {
            Request::Hello => return Ok(Reply::Hello),
            Request::Begin(ref begin) => self.begin(flash, begin, content)?,
            Request::Theta { id, .. }
            | Request::Status { id }
            | Request::Update { id, .. }
            | Request::Done { id, .. } => self.expect(id)?,
        }
        match *request {
            Request::Hello | Request::Begin(_) | Request::Status { .. } => {}
            Request::Theta { offset, values, .. } => self.receive(flash, offset, values)?,
            Request::Update { offset, .. } => return self.update(flash, theta, offset),
            Request::Done { theta: trained, .. } => self.end(flash, theta, trained)?,
        }
        Ok(Reply::Status(Refusal::None))
    }

    /// Whether it is in this round.
    fn expect(&self, id: RoundId) -> Result<(), Refusal> {
        let here = self.round.is_some_and(|round| round.id == id);
        if here { Ok(()) } else { Err(Refusal::OtherRound) }
    }

    /// Begins a round, of which the content of the request is kept as it is.
    fn begin(
        &mut self,
        flash: &mut dyn Storage,
        begin: &Begin,
        content: &[u8],
    ) -> Result<(), Refusal> {
        if begin.model != self.model {
            return Err(Refusal::Model);
        }
        if begin.parameters != self.parameters {
            return Err(Refusal::Length);
        }
        if !begin.is_sensible() {
            return Err(Refusal::Setting);
        }
        if self.expect(begin.id).is_ok()
            && self.region.is_record(flash, self.second_record, content)?
        {
            return Ok(());
        }
        if begin.id <= self.newest {
            return Err(Refusal::OldRound);
        }
        let second = self.round.is_some() && !self.second_record;
        let Range { start, end } = self.checkpoints;
        erase(flash, start, end)?;
        self.region.write_record(flash, second, content)?;
        self.look_at_record(flash, second);
        if self.newest != begin.id {
            return Err(Refusal::Flash);
        }
        self.take(flash);
        Ok(())
    }

    fn receive(
        &mut self,
        flash: &mut dyn Storage,
        offset: u32,
        values: &[u8],
    ) -> Result<(), Refusal> {
        let count = (values.len() / 4) as u32;
        // What is there already was asked for twice.
        let known = offset.saturating_add(count) <= self.have;
        if self.stage != Stage::Receiving || known {
            return Ok(());
        }
        if offset != self.have {
            return Err(Refusal::Order);
        }
        if values.len() != self.region.piece_bytes(offset) {
            return Err(Refusal::Length);
        }
        if !floats(values).all(f32::is_finite) {
            return Err(Refusal::NotFinite);
        }
        let Range { start, end } = self.region.theta();
        let mut piece = [0; CHUNK_BYTES];
        piece.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
        // What an earlier round has left, or one that was cut off, goes before the first values.
        let erased = if offset == 0 { erase(flash, start, end) } else { Ok(()) };
        let at = start.wrapping_add(value_bytes(offset));
        let written = erased.and_then(|()| self.region.write(flash, at, values.len(), &mut piece));
        if written.is_err() {
            self.have = 0;
            return Err(Refusal::Flash);
        }
        self.have = offset.saturating_add(count);
        if self.have == self.parameters {
            self.take(flash);
            if self.stage == Stage::Receiving {
                return Err(Refusal::Checksum);
            }
        }
        Ok(())
    }

    /// The round and its encoding, if its update is there.
    fn ready(&self, theta: &[f32]) -> Result<(RoundId, Encoding), Refusal> {
        if theta.len() != self.parameters as usize {
            return Err(Refusal::Length);
        }
        match self.round {
            Some(Begin { id, encoding, .. }) if self.stage == Stage::Ready => Ok((id, encoding)),
            _ => Err(Refusal::NotReady),
        }
    }

    fn update(
        &mut self,
        flash: &mut dyn Storage,
        theta: &[f32],
        offset: u32,
    ) -> Result<Reply, Refusal> {
        let (_, encoding) = self.ready(theta)?;
        if offset >= self.parameters || !offset.is_multiple_of(encoding.chunk() as u32) {
            return Err(Refusal::Length);
        }
        let scale = self.scale(flash, theta, offset, encoding)?;
        Ok(Reply::Update { offset, encoding, scale })
    }

    /// The end of the round: what the rounding of the update has left is kept for the next.
    fn end(&mut self, flash: &mut dyn Storage, theta: &[f32], trained: u32) -> Result<(), Refusal> {
        if self.stage == Stage::Done {
            return Ok(());
        }
        let (id, encoding) = self.ready(theta)?;
        if trained != self.metrics.theta {
            return Err(Refusal::Changed);
        }
        // A firmware that has trained on has lost the update.
        if crate::checksum(theta) != trained {
            self.stage = Stage::Training;
            return Err(Refusal::Changed);
        }
        let second = self.outcome.is_some_and(|(second, _)| !second);
        let (values, checksum) = match encoding {
            // Nothing is left, and the head says so.
            Encoding::F32 => {
                let Range { start, end } = self.region.outcome_head(second);
                erase(flash, start, end)?;
                (0, 0)
            }
            Encoding::Int8 => (self.parameters, self.keep_residual(flash, theta, second)?),
        };
        let outcome = Outcome { id, model: self.model, values, checksum };
        self.region.write_outcome(flash, second, &outcome)?;
        self.look_at_outcome(flash, second);
        if self.ended() != id {
            return Err(Refusal::Flash);
        }
        self.stage = Stage::Done;
        Ok(())
    }

    /// Writes what is left of the changes once their codes are taken off, and returns its checksum.
    fn keep_residual(
        &mut self,
        flash: &mut dyn Storage,
        theta: &[f32],
        second: bool,
    ) -> Result<u32, Failed> {
        let Range { start, end } = self.region.outcome(second);
        erase(flash, start, end)?;
        let to = self.region.residual(second);
        let (mut checksum, mut first, mut scale) = (Checksum::new(), 0, 0.0);
        while first < self.parameters {
            if first.is_multiple_of(Encoding::Int8.chunk() as u32) {
                scale = self.scale(flash, theta, first, Encoding::Int8)?;
            }
            let mut piece = [0; CHUNK_BYTES];
            let mut writer = Writer::new(&mut piece);
            self.each_change(flash, theta, first, CHUNK, &mut |change| {
                writer.float(change - int8::value(int8::code(change, scale), scale));
            })?;
            let length = self.region.piece_bytes(first);
            checksum.add(piece.get(..length).unwrap_or_default());
            self.region.write(flash, to.wrapping_add(value_bytes(first)), length, &mut piece)?;
            first = first.wrapping_add(CHUNK as u32);
        }
        Ok(checksum.value())
    }

    /// The scale of the values of a frame.
    fn scale(
        &self,
        flash: &mut dyn Storage,
        theta: &[f32],
        offset: u32,
        encoding: Encoding,
    ) -> Result<f32, Failed> {
        if encoding == Encoding::F32 {
            return Ok(1.0);
        }
        let mut largest = 0.0_f32;
        self.each_change(flash, theta, offset, encoding.chunk(), &mut |change| {
            largest = largest.max(change.abs());
        })?;
        Ok(int8::scale_of(largest))
    }

    /// Writes the values of a frame.
    fn write_values(
        &self,
        flash: &mut dyn Storage,
        theta: &[f32],
        offset: u32,
        encoding: Encoding,
        scale: f32,
        writer: &mut Writer,
    ) -> Result<(), Failed> {
        self.each_change(flash, theta, offset, encoding.chunk(), &mut |change| match encoding {
            Encoding::F32 => writer.float(change),
            Encoding::Int8 => writer.byte(int8::code(change, scale).cast_unsigned()),
        })
    }

    /// The changes of so many parameters, or of what is left of them, from one on: those of this
    /// round, and what the last update has left.
    fn each_change(
        &self,
        flash: &mut dyn Storage,
        theta: &[f32],
        from: u32,
        count: usize,
        each: &mut dyn FnMut(f32),
    ) -> Result<(), Failed> {
        let residual = self.outcome.filter(|(_, outcome)| outcome.values > 0);
        let theta = theta.get(from as usize..).unwrap_or_default();
        let mut theta = theta.get(..count).unwrap_or(theta).iter();
        let (mut starts, mut left) = ([0; CHUNK_BYTES], [0; CHUNK_BYTES]);
        let mut first = from;
        while theta.len() > 0 {
            let (length, offset) = (self.region.piece_bytes(first), value_bytes(first));
            let at = self.region.theta().start.wrapping_add(offset);
            self.region.read(flash, at, length, &mut starts)?;
            if let Some((second, _)) = residual {
                let at = self.region.residual(second).wrapping_add(offset);
                self.region.read(flash, at, length, &mut left)?;
            }
            // Theta last: a value that is taken is used.
            for ((start, left), theta) in floats(&starts).zip(floats(&left)).zip(&mut theta) {
                each(change(*theta, start, left));
            }
            first = first.wrapping_add(CHUNK as u32);
        }
        Ok(())
    }
}
