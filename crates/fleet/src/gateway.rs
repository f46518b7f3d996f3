//! The gateway's half: a round of one device, without input or output.

use crate::fields::floats;
use crate::message::{
    Answer, Begin, Encoding, Hello, Metrics, Refusal, Request, Stage, Status, VERSION,
};
use crate::{CHUNK, CHUNK_BYTES, Frame, checksum, int8};
use core::fmt;

/// The gateway's half of a round with one device.
///
/// The caller moves the bytes: it sends the [`request`](Self::request) that is due, hands over each
/// byte that comes ([`hear`](Self::hear)), and asks again what is due where nothing came for a
/// while, or where the device is still [busy](Heard::Busy). A device that was reset, and one that a
/// gateway which was itself restarted finds in the middle of the round, go on where they are.
///
/// When the update is [whole](Heard::Update), the caller does with it what it does, such as sending
/// it to a server. Only when it counts it [ends](Self::end) the round: the device takes off what it
/// has sent from what is left for the next update.
///
/// ```
/// # #[path = "../../../tests/support/nor_flash.rs"] mod nor_flash;
/// # type Flash = nor_flash::NorFlashModel<4, 256>;
/// # use rolling_ball_fleet::{Device, DeviceConfig, Metrics, Stage};
/// use rolling_ball_fleet::{Begin, Encoding, Gateway, Heard, RoundId};
///
/// const N: usize = 100;
/// let theta = [0.5; N];
/// let begin = Begin {
///     id: RoundId { federation: 7, round: 1 },
///     model: 0x1234,
///     steps: 20,
///     radius: 0.1,
///     learning_rate: 0.5,
///     encoding: Encoding::Int8,
///     ..Begin::default()
/// };
/// let mut update = [0.0; N];
/// let mut gateway = Gateway::new(begin, &theta, &mut update)?;
/// # let mut flash = Flash::new(0x4000);
/// # let range = 0..Device::bytes(256, N) as u32;
/// # let config =
/// #     DeviceConfig { model: 0x1234, parameters: 100, samples: 9, range, checkpoints: 0..0 };
/// # let mut device = Device::new(&mut flash, config)?;
/// # let mut trained = [0.0; N];
/// # let mut serial_port = |sent: &[u8]| -> Vec<u8> {
/// #     let mut answer = Vec::new();
/// #     for byte in sent {
/// #         answer.extend(device.hear(*byte, &mut flash, &trained).unwrap_or_default());
/// #     }
/// #     if device.stage() == Stage::Training {
/// #         device.start(&mut flash, &mut trained).unwrap();
/// #         trained[3] += 0.25;
/// #         let metrics = Metrics { samples: 9, ..Metrics::default() };
/// #         device.trained(RoundId { federation: 7, round: 1 }, &trained, metrics).unwrap();
/// #     }
/// #     answer
/// # };
///
/// 'round: loop {
///     let answer = serial_port(gateway.request());
///     for byte in answer {
///         match gateway.hear(byte)? {
///             Heard::Nothing | Heard::Answer | Heard::Busy => {}
///             Heard::Update => gateway.end(),
///             Heard::End => break 'round,
///         }
///     }
/// }
/// assert_eq!(gateway.metrics().samples, 9);
/// assert_eq!((update[2], update[3]), (0.0, 0.25));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Gateway<'a> {
    begin: Begin,
    theta: &'a [f32],
    update: &'a mut [f32],
    frame: Frame,
    due: Due,
    /// The values of the update that are here.
    fetched: u32,
    hello: Hello,
    metrics: Metrics,
}

/// What is to be asked next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Due {
    Hello,
    Begin,
    Theta(u32),
    Status,
    Update(u32),
    /// The caller has the update.
    Caller,
    Done,
    End,
}

/// What came of a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// No answer is whole yet, or it was none to what was asked.
    Nothing,
    /// An answer: the next request is due.
    Answer,
    /// The device trains: the next request is due in a while.
    Busy,
    /// The update is whole; [`Gateway::end`] is to be called when it counts.
    Update,
    /// The round is over.
    End,
}

/// Why there is no update of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GatewayError {
    /// Theta or the update has not as many values as the round has parameters, or none at all.
    Length {
        /// The values that theta has.
        theta: usize,
        /// The values that the update has room for.
        update: usize,
    },
    /// A setting of the round is out of its range, or a value of theta is not finite.
    Setting,
    /// The device speaks another version.
    Version(u8),
    /// The device has another model.
    Model {
        /// The hash of its model.
        model: u32,
        /// Its parameters.
        parameters: u32,
    },
    /// The device has refused.
    Refused(Refusal),
    /// The device could not be trained in this round.
    Failed,
    /// A value of the update, or a metric, is not finite.
    NotFinite,
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { theta, update } => write!(
                f,
                "theta has {theta} values and the update {update}: expected as many, and one at \
                 least"
            ),
            Self::Setting => f.write_str(
                "the round: expected steps, and a finite theta, radius and learning rate, the last \
                 two above 0",
            ),
            Self::Version(version) => write!(
                f,
                "the device speaks version {version} of the protocol, expected {VERSION}: use \
                 firmware and gateway of one version"
            ),
            Self::Model { model, parameters } => write!(
                f,
                "the device has the model {model:#010x} with {parameters} parameters, which is not \
                 that of the round"
            ),
            Self::Refused(refusal) => write!(f, "the device has refused: {}", refusal.reason()),
            Self::Failed => f.write_str("the device could not be trained in this round"),
            Self::NotFinite => f.write_str("the device has sent a value that is not finite"),
        }
    }
}

impl core::error::Error for GatewayError {}

impl Refusal {
    /// In words.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::None => "nothing was wrong",
            Self::Model => "the round is of another model",
            Self::Length => "there must be as many values as the model has parameters",
            Self::NotFinite => "a value is not finite",
            Self::Setting => "a setting is out of its range",
            Self::OldRound => {
                "it knows this round with other settings, or a later one: take a higher number"
            }
            Self::OtherRound => "it is in another round",
            Self::Order => "values did not come in order",
            Self::Checksum => "theta did not arrive as it was sent",
            Self::Flash => "its flash failed",
            Self::NotReady => "it has no update yet",
            Self::Changed => "its theta has changed since the update was asked for",
        }
    }
}

impl<'a> Gateway<'a> {
    /// Of a round that begins at this theta; its checksum and its number of parameters are filled
    /// in. The update is as long as theta.
    ///
    /// # Errors
    /// [`GatewayError::Length`]; [`GatewayError::Setting`].
    pub fn new(
        begin: Begin,
        theta: &'a [f32],
        update: &'a mut [f32],
    ) -> Result<Self, GatewayError> {
        let lengths = GatewayError::Length { theta: theta.len(), update: update.len() };
        let parameters = u32::try_from(theta.len()).map_err(|_| lengths)?;
        if theta.is_empty() || theta.len() != update.len() {
            return Err(lengths);
        }
        if !begin.is_sensible() || !theta.iter().all(|value| value.is_finite()) {
            return Err(GatewayError::Setting);
        }
        let begin = Begin { parameters, theta: checksum(theta), ..begin };
        Ok(Self {
            begin,
            theta,
            update,
            frame: Frame::new(),
            due: Due::Hello,
            fetched: 0,
            hello: Hello::default(),
            metrics: Metrics::default(),
        })
    }

    /// The frame to be sent: the same until an answer comes. Empty where nothing is to be sent,
    /// since the caller has the update, or the round is over. It gives up what was heard of an
    /// answer so far.
    pub fn request(&mut self) -> &[u8] {
        let id = self.begin.id;
        let mut piece = [0; CHUNK_BYTES];
        let request = match self.due {
            Due::Hello => Request::Hello,
            Due::Begin => Request::Begin(self.begin),
            Due::Theta(offset) => {
                let values = self.theta.get(offset as usize..).unwrap_or_default();
                let count = values.len().min(CHUNK);
                for (bytes, value) in piece.as_chunks_mut().0.iter_mut().zip(values) {
                    *bytes = value.to_le_bytes();
                }
                let values = piece.get(..count.saturating_mul(4)).unwrap_or_default();
                Request::Theta { id, offset, values }
            }
            Due::Status => Request::Status { id },
            Due::Update(offset) => Request::Update { id, offset },
            Due::Done => Request::Done { id, theta: self.metrics.theta },
            Due::Caller | Due::End => return &[],
        };
        request.frame(&mut self.frame).unwrap_or_default()
    }

    /// Takes a byte that came.
    ///
    /// # Errors
    /// [`GatewayError`] says why there will be no update.
    pub fn hear(&mut self, byte: u8) -> Result<Heard, GatewayError> {
        let Self { frame, begin, due, fetched, update, .. } = self;
        let Some(content) = frame.push(byte) else { return Ok(Heard::Nothing) };
        match Answer::read(content) {
            // It asks who is there once, so any hello after that says that it was not understood.
            Some(Answer::Hello(hello)) if *due == Due::Hello => self.met(hello),
            Some(Answer::Hello(hello)) if hello.version != VERSION => {
                Err(GatewayError::Version(hello.version))
            }
            Some(Answer::Update { id, offset, encoding, scale, values })
                if *due == Due::Update(offset) && id == begin.id && encoding == begin.encoding =>
            {
                let places = update.get_mut(offset as usize..).unwrap_or_default();
                let count = places.len().min(encoding.chunk());
                let places = places.get_mut(..count).unwrap_or_default();
                if values.len() != count.saturating_mul(encoding.bytes()) {
                    return Ok(Heard::Nothing);
                }
                if !decode(encoding, scale, values, places) {
                    return Err(GatewayError::NotFinite);
                }
                let next = offset.saturating_add(count as u32);
                let more = next < begin.parameters;
                *fetched = next;
                *due = if more { Due::Update(next) } else { Due::Caller };
                Ok(if more { Heard::Answer } else { Heard::Update })
            }
            Some(Answer::Status(status)) if *due != Due::Hello => self.told(status),
            _ => Ok(Heard::Nothing),
        }
    }

    /// The update counts: the round is to be ended. Without an effect until it is whole.
    pub fn end(&mut self) {
        if self.due == Due::Caller {
            self.due = Due::Done;
        }
    }

    /// Who the device is; zeros until it has said so.
    #[must_use]
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// What the device tells of its training; zeros until it is trained.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How many values of theta the device has, and how many of the update are here.
    #[must_use]
    pub fn progress(&self) -> (u32, u32) {
        let all = self.begin.parameters;
        match self.due {
            Due::Hello | Due::Begin => (0, self.fetched),
            Due::Theta(offset) => (offset, self.fetched),
            Due::Status | Due::Update(_) | Due::Caller | Due::Done | Due::End => {
                (all, self.fetched)
            }
        }
    }

    fn met(&mut self, hello: Hello) -> Result<Heard, GatewayError> {
        let Hello { version, model, parameters, .. } = hello;
        if version != VERSION {
            return Err(GatewayError::Version(version));
        }
        if (model, parameters) != (self.begin.model, self.begin.parameters) {
            return Err(GatewayError::Model { model, parameters });
        }
        self.hello = hello;
        self.due = Due::Begin;
        Ok(Heard::Answer)
    }

    /// Follows the device to where it is.
    fn told(&mut self, status: Status) -> Result<Heard, GatewayError> {
        let Status { id, stage, have, refusal, metrics } = status;
        if id != self.begin.id {
            // It has lost the round, or knows a later one.
            return match refusal {
                Refusal::OtherRound if id < self.begin.id => {
                    self.due = Due::Begin;
                    Ok(Heard::Answer)
                }
                Refusal::None => Ok(Heard::Nothing),
                _ => Err(GatewayError::Refused(refusal)),
            };
        }
        match refusal {
            Refusal::None | Refusal::Order | Refusal::NotReady | Refusal::Changed => {}
            _ => return Err(GatewayError::Refused(refusal)),
        }
        match stage {
            Stage::Idle => Ok(Heard::Nothing),
            Stage::Receiving => {
                self.due = Due::Theta(have.min(self.begin.parameters.saturating_sub(1)));
                Ok(Heard::Answer)
            }
            Stage::Training => {
                self.due = Due::Status;
                Ok(Heard::Busy)
            }
            Stage::Ready => self.ready(metrics),
            // A round that was ended before has no update any more, and one that this gateway has
            // not got was counted by another.
            Stage::Done if self.due == Due::Done => {
                self.due = Due::End;
                Ok(Heard::End)
            }
            Stage::Done => Err(GatewayError::Refused(Refusal::OldRound)),
            Stage::Failed => Err(GatewayError::Failed),
        }
    }

    /// The device has the update of a training of which it tells.
    fn ready(&mut self, metrics: Metrics) -> Result<Heard, GatewayError> {
        let Metrics { loss_before, loss_after, kept, wrong_labels, .. } = metrics;
        if ![loss_before, loss_after, kept, wrong_labels].iter().all(|metric| metric.is_finite()) {
            return Err(GatewayError::NotFinite);
        }
        if metrics.theta != self.metrics.theta {
            // Nothing is here yet, or it is of another training.
            self.fetched = 0;
        } else if matches!(self.due, Due::Update(_) | Due::Caller | Due::Done) {
            // It answers what was asked before.
            return Ok(Heard::Nothing);
        }
        self.metrics = metrics;
        // A device that was reset goes on where it was.
        if self.fetched < self.begin.parameters {
            self.due = Due::Update(self.fetched);
            Ok(Heard::Answer)
        } else {
            self.due = Due::Caller;
            Ok(Heard::Update)
        }
    }
}

/// Decodes values, and says whether all are finite.
fn decode(encoding: Encoding, scale: f32, values: &[u8], places: &mut [f32]) -> bool {
    match encoding {
        Encoding::F32 => {
            places.iter_mut().zip(floats(values)).for_each(|(place, value)| *place = value);
        }
        Encoding::Int8 => {
            for (place, code) in places.iter_mut().zip(values) {
                *place = int8::value(code.cast_signed(), scale);
            }
        }
    }
    places.iter().all(|value| value.is_finite())
}
