//! What gateway and device say to each other.

use crate::Frame;
use crate::fields::{Reader, Writer};

/// The version of the protocol, which a hello tells.
pub const VERSION: u8 = 1;

/// A round of a federation. Rounds only grow, compared as a pair: what is over does not come back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoundId {
    /// The federation: one training from its first round on.
    pub federation: u32,
    /// The round in it.
    pub round: u32,
}

/// How the values of an update are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Encoding {
    /// As they are.
    #[default]
    F32 = 0,
    /// In eight bits, 128 values to a scale. What the rounding leaves is sent with the next update.
    Int8 = 1,
}

impl Encoding {
    /// The encoding of this number.
    #[must_use]
    pub fn of(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::F32),
            1 => Some(Self::Int8),
            _ => None,
        }
    }

    /// The bytes of a value.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::Int8 => 1,
        }
    }

    /// The values of an update in a frame; the last frame may have fewer.
    #[must_use]
    pub const fn chunk(self) -> usize {
        crate::CHUNK_BYTES / self.bytes()
    }
}

/// What a device is to do in a round.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Begin {
    /// The round.
    pub id: RoundId,
    /// The hash of the model, which must be the device's.
    pub model: u32,
    /// The parameters, which must be as many as the device's.
    pub parameters: u32,
    /// The [`checksum`](crate::checksum) of the theta to start from.
    pub theta: u32,
    /// Chooses the samples of the first step, or the guard's folds.
    pub seed: u32,
    /// The steps to make.
    pub steps: u16,
    /// The samples of a step; 0 stands for all of them.
    pub batch: u16,
    /// The radius of the ball at the start.
    pub radius: f32,
    /// The learning rate at the start.
    pub learning_rate: f32,
    /// How the update is to be sent.
    pub encoding: Encoding,
    /// Whether held-out samples say how much of the move to keep.
    pub guarded: bool,
}

impl Begin {
    /// Whether the numbers are such that a step can be made with them.
    #[must_use]
    pub fn is_sensible(&self) -> bool {
        let positive = |value: &f32| *value > 0.0 && *value < f32::INFINITY;
        self.steps > 0 && [self.radius, self.learning_rate].iter().all(positive)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.byte(BEGIN);
        self.id.write(writer);
        writer.words(&[self.model, self.parameters, self.theta, self.seed]);
        writer.half(self.steps);
        writer.half(self.batch);
        writer.float(self.radius);
        writer.float(self.learning_rate);
        writer.byte(self.encoding as u8);
        writer.byte(self.guarded.into());
    }

    /// Of the content of a frame.
    pub(crate) fn read(content: &[u8]) -> Option<Self> {
        match Request::read(content)? {
            Request::Begin(begin) => Some(begin),
            _ => None,
        }
    }
}

/// What a device tells of a round that it has trained. All zeros until then.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metrics {
    /// The samples that it has learned from.
    pub samples: u32,
    /// How many of them the theta of the round's start answers with their label.
    pub correct_before: u32,
    /// How many the trained theta does.
    pub correct_after: u32,
    /// The mean loss over them with the theta of the round's start.
    pub loss_before: f32,
    /// The mean loss with the trained theta.
    pub loss_after: f32,
    /// How much of the move the guard has kept; 1 without a guard.
    pub kept: f32,
    /// The part of the labels that the guard finds wrong; 0 without a guard.
    pub wrong_labels: f32,
    /// The steps that were made.
    pub steps: u32,
    /// The [`checksum`](crate::checksum) of the trained theta. The device fills it in.
    pub theta: u32,
}

impl Metrics {
    fn write(&self, writer: &mut Writer) {
        writer.words(&[
            self.samples,
            self.correct_before,
            self.correct_after,
            self.loss_before.to_bits(),
            self.loss_after.to_bits(),
            self.kept.to_bits(),
            self.wrong_labels.to_bits(),
            self.steps,
            self.theta,
        ]);
    }

    fn read(body: &mut Reader) -> Self {
        Self {
            samples: body.word(),
            correct_before: body.word(),
            correct_after: body.word(),
            loss_before: body.float(),
            loss_after: body.float(),
            kept: body.float(),
            wrong_labels: body.float(),
            steps: body.word(),
            theta: body.word(),
        }
    }
}

/// Numbered names, which a message has as a byte.
macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $case:ident = $number:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[repr(u8)]
        pub enum $name { $($(#[$of])* $case = $number,)* }

        impl $name {
            /// The one of this number.
            #[must_use]
            pub fn of(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$case),)*
                    _ => None,
                }
            }
        }
    };
}

numbered! {
    /// How far a device is in its round.
    Stage {
        /// It is in no round.
        #[default]
        Idle = 0,
        /// Theta comes.
        Receiving = 1,
        /// Theta is there, and is trained.
        Training = 2,
        /// The update may be asked for.
        Ready = 3,
        /// The update has been counted, and the round is over.
        Done = 4,
        /// The training has failed, and there is no update.
        Failed = 5,
    }
}

numbered! {
    /// Why a device did not do what it was asked.
    Refusal {
        /// It did.
        #[default]
        None = 0,
        /// The round is of another model.
        Model = 1,
        /// Not as many parameters, or values, as there must be.
        Length = 2,
        /// A value is not finite.
        NotFinite = 3,
        /// A setting is out of its range.
        Setting = 4,
        /// The round is over, or has begun with other settings.
        OldRound = 5,
        /// The device is in another round.
        OtherRound = 6,
        /// These are not the values that come next.
        Order = 7,
        /// Theta has another checksum than was said: it must be sent again.
        Checksum = 8,
        /// The flash failed.
        Flash = 9,
        /// There is no update yet.
        NotReady = 10,
        /// Theta is not what the update was asked of: it must be asked for again.
        Changed = 11,
    }
}

/// What a gateway asks. Each may be asked again, with the same answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Request<'a> {
    /// Who is there?
    Hello,
    /// Begin a round.
    Begin(Begin),
    /// Values of the round's theta.
    Theta {
        /// The round.
        id: RoundId,
        /// The number of the first of them.
        offset: u32,
        /// Little-endian floats.
        values: &'a [u8],
    },
    /// How far is it?
    Status {
        /// The round.
        id: RoundId,
    },
    /// What is the update?
    Update {
        /// The round.
        id: RoundId,
        /// The number of the first value.
        offset: u32,
    },
    /// The update has been counted.
    Done {
        /// The round.
        id: RoundId,
        /// The checksum of the trained theta, which says of which training.
        theta: u32,
    },
}

const HELLO: u8 = 0x01;
const BEGIN: u8 = 0x02;
const THETA: u8 = 0x03;
const STATUS: u8 = 0x04;
const UPDATE: u8 = 0x05;
const DONE: u8 = 0x06;
/// Is added to an answer's kind.
const ANSWER: u8 = 0x80;

impl RoundId {
    pub(crate) fn write(self, writer: &mut Writer) {
        writer.words(&[self.federation, self.round]);
    }

    pub(crate) fn read(body: &mut Reader) -> Self {
        Self { federation: body.word(), round: body.word() }
    }
}

impl<'a> Request<'a> {
    /// Reads the content of a frame; `None` where it is no request of this version.
    #[must_use]
    pub fn read(content: &'a [u8]) -> Option<Self> {
        let mut body = Reader::new(content);
        let kind = body.byte();
        if kind == HELLO {
            return body.end().map(|()| Self::Hello);
        }
        let id = RoundId::read(&mut body);
        let request = match kind {
            BEGIN => Self::Begin(Begin {
                id,
                model: body.word(),
                parameters: body.word(),
                theta: body.word(),
                seed: body.word(),
                steps: body.half(),
                batch: body.half(),
                radius: body.float(),
                learning_rate: body.float(),
                encoding: Encoding::of(body.byte())?,
                guarded: match body.byte() {
                    0 => false,
                    1 => true,
                    _ => return None,
                },
            }),
            THETA => {
                let offset = body.word();
                return Some(Self::Theta { id, offset, values: body.rest()? });
            }
            STATUS => Self::Status { id },
            UPDATE => Self::Update { id, offset: body.word() },
            DONE => Self::Done { id, theta: body.word() },
            _ => return None,
        };
        body.end().map(|()| request)
    }

    /// Makes a frame of it; `None` where it has more values than a frame.
    #[must_use]
    pub fn frame<'f>(&self, frame: &'f mut Frame) -> Option<&'f [u8]> {
        if matches!(self, Self::Theta { values, .. } if values.len() > crate::CHUNK_BYTES) {
            return None;
        }
        Some(frame.write(|writer| self.write(writer)))
    }

    fn write(&self, writer: &mut Writer) {
        let mut head = |kind, id: RoundId| {
            writer.byte(kind);
            id.write(writer);
        };
        match *self {
            Self::Hello => writer.byte(HELLO),
            Self::Begin(begin) => begin.write(writer),
            Self::Theta { id, offset, values } => {
                head(THETA, id);
                writer.word(offset);
                writer.bytes(values);
            }
            Self::Status { id } => head(STATUS, id),
            Self::Update { id, offset } => {
                head(UPDATE, id);
                writer.word(offset);
            }
            Self::Done { id, theta } => {
                head(DONE, id);
                writer.word(theta);
            }
        }
    }
}

/// Who a device is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hello {
    /// The version of the protocol.
    pub version: u8,
    /// The hash of its model.
    pub model: u32,
    /// Its parameters.
    pub parameters: u32,
    /// The samples that it would learn from.
    pub samples: u32,
    /// The newest round that it knows; zeros where it knows none.
    pub id: RoundId,
    /// How far it is in it.
    pub stage: Stage,
    /// The most floats that a frame has.
    pub chunk: u16,
}

/// How far a device is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Status {
    /// The newest round that it knows; zeros where it knows none.
    pub id: RoundId,
    /// How far it is in it.
    pub stage: Stage,
    /// How many values of theta it has.
    pub have: u32,
    /// Why it did not do what it was asked.
    pub refusal: Refusal,
    /// What it tells of its training.
    pub metrics: Metrics,
}

/// What a device answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer<'a> {
    /// Who it is: the answer to a hello, and to what it does not understand.
    Hello(Hello),
    /// How far it is: the answer to all but a hello, and to an update that there is not.
    Status(Status),
    /// Values of the update.
    Update {
        /// The round.
        id: RoundId,
        /// The number of the first of them.
        offset: u32,
        /// How they are sent.
        encoding: Encoding,
        /// What a value in eight bits is multiplied by.
        scale: f32,
        /// The values.
        values: &'a [u8],
    },
}

impl Hello {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.byte(HELLO | ANSWER);
        writer.byte(self.version);
        writer.words(&[self.model, self.parameters, self.samples]);
        self.id.write(writer);
        writer.byte(self.stage as u8);
        writer.half(self.chunk);
    }
}

impl Status {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.byte(STATUS | ANSWER);
        self.id.write(writer);
        writer.byte(self.stage as u8);
        writer.word(self.have);
        writer.byte(self.refusal as u8);
        self.metrics.write(writer);
    }
}

/// All of an update but its values.
pub(crate) fn write_update(
    writer: &mut Writer,
    id: RoundId,
    offset: u32,
    encoding: Encoding,
    scale: f32,
) {
    writer.byte(UPDATE | ANSWER);
    id.write(writer);
    writer.word(offset);
    writer.byte(encoding as u8);
    writer.float(scale);
}

impl<'a> Answer<'a> {
    /// Reads the content of a frame; `None` where it is no answer of this version.
    #[must_use]
    pub fn read(content: &'a [u8]) -> Option<Self> {
        let mut body = Reader::new(content);
        let answer = match body.byte().checked_sub(ANSWER)? {
            HELLO => Self::Hello(Hello {
                version: body.byte(),
                model: body.word(),
                parameters: body.word(),
                samples: body.word(),
                id: RoundId::read(&mut body),
                stage: Stage::of(body.byte())?,
                chunk: body.half(),
            }),
            STATUS => Self::Status(Status {
                id: RoundId::read(&mut body),
                stage: Stage::of(body.byte())?,
                have: body.word(),
                refusal: Refusal::of(body.byte())?,
                metrics: Metrics::read(&mut body),
            }),
            UPDATE => {
                let id = RoundId::read(&mut body);
                let offset = body.word();
                let encoding = Encoding::of(body.byte())?;
                let scale = body.float();
                return Some(Self::Update { id, offset, encoding, scale, values: body.rest()? });
            }
            _ => return None,
        };
        body.end().map(|()| answer)
    }

    /// Makes a frame of it; `None` where it has more values than a frame.
    #[must_use]
    pub fn frame<'f>(&self, frame: &'f mut Frame) -> Option<&'f [u8]> {
        if matches!(self, Self::Update { values, .. } if values.len() > crate::CHUNK_BYTES) {
            return None;
        }
        Some(frame.write(|writer| match *self {
            Self::Hello(hello) => hello.write(writer),
            Self::Status(status) => status.write(writer),
            Self::Update { id, offset, encoding, scale, values } => {
                write_update(writer, id, offset, encoding, scale);
                writer.bytes(values);
            }
        }))
    }
}
