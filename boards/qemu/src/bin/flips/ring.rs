//! A ring of checkpoints that is full, and what was saved in it.

use crate::flash::{Flash, Refused};
use rolling_ball::kernels::Scalar;
use rolling_ball::landscapes::Quadratic;
use rolling_ball::{
    ArcLength, CheckpointError, Checkpoints, Error, LaggedContact, Resumable, RollingBall,
    RollingBallConfig, STATE_WORDS, step,
};

const PARAMETERS: usize = 40;
const SLOTS: usize = 4;
/// More saves than the ring has slots, so that some were overwritten.
const SAVES: usize = 6;

/// The default ball.
type Ball = RollingBall<[f32; PARAMETERS], LaggedContact, ArcLength, Scalar>;
type Told = CheckpointError<Refused>;

/// Bytes of the flash: all of it is the ring.
pub const BYTES: usize = Checkpoints::<Flash>::bytes::<Ball>(PARAMETERS, SLOTS as u32) as usize;

/// The content of the flash.
pub type Image = [u8; BYTES];

/// A training between two steps.
#[derive(Clone, Debug)]
pub struct Training {
    pub theta: [f32; PARAMETERS],
    pub ball: Ball,
}

/// All that a checkpoint holds, in bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snapshot {
    words: [u32; STATE_WORDS],
    theta: [u32; PARAMETERS],
    offset: [u32; PARAMETERS],
}

impl Training {
    /// A training that has made no step.
    pub fn new() -> Result<Self, Error> {
        let mut theta = [0.0; PARAMETERS];
        for (index, t) in (0_u16..).zip(&mut theta) {
            *t = f32::from(index) / 8.0 - 2.0;
        }
        let ball =
            Ball::with_backend(Scalar, RollingBallConfig::default(), [[0.0; PARAMETERS]; 2])?;
        Ok(Self { theta, ball })
    }

    /// Makes a step.
    pub fn step(&mut self) -> Result<(), Error> {
        step(&mut self.ball, &mut Quadratic { condition: 1.0 }, &mut self.theta).map(drop)
    }

    /// What a checkpoint of it must hold.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        let state = self.ball.state()?;
        let [kept, ..] = state.vectors;
        let mut offset = [0; PARAMETERS];
        for (bits, value) in offset.iter_mut().zip(kept) {
            *bits = value.to_bits();
        }
        Ok(Snapshot { words: state.words, theta: self.theta.map(f32::to_bits), offset })
    }

    /// Saves a checkpoint.
    pub fn save(&self, flash: &mut Flash) -> Result<(), Told> {
        Checkpoints::new(flash, 0..BYTES as u32)?.save(&self.theta, &self.ball)
    }

    /// Takes a checkpoint back.
    pub fn resume(&mut self, flash: &mut Flash) -> Result<Option<u32>, Told> {
        Checkpoints::new(flash, 0..BYTES as u32)?.resume(&mut self.theta, &mut self.ball)
    }

    /// Flips a bit of theta, or of the vector that the ball carries from step to step.
    pub fn flip(&mut self, bit: usize) -> Result<(), Error> {
        let words = self.ball.state()?.words;
        let [offset, ..] = self.ball.resume(words)?;
        if let Some(value) = self.theta.iter_mut().chain(offset).nth(bit / 32) {
            *value = f32::from_bits(value.to_bits() ^ (1 << (bit % 32)));
        }
        Ok(())
    }

    /// How many bits can be flipped.
    pub const BITS: usize = 2 * 32 * PARAMETERS;
}

/// A full ring.
pub struct Ring {
    /// The flash.
    pub image: Image,
    /// What the slots hold, the newest last.
    pub saved: [Snapshot; SLOTS],
    /// The training that was saved last.
    pub training: Training,
    /// Bytes that a save writes.
    pub written: usize,
    /// Bytes that a resume reads.
    pub read: usize,
}

impl Ring {
    /// Trains, and saves after every step.
    pub fn fill() -> Result<Self, Error> {
        let (mut image, mut training) = ([0xff; BYTES], Training::new()?);
        let (mut saved, mut written) = ([training.snapshot()?; SLOTS], 0);
        for _ in 0..SAVES {
            training.step()?;
            saved.rotate_left(1);
            if let Some(newest) = saved.last_mut() {
                *newest = training.snapshot()?;
            }
            let mut flash = Flash::new(&mut image);
            // What is not saved is missed by every trial.
            let _ = training.save(&mut flash);
            (_, written) = flash.passed();
        }
        let mut flash = Flash::new(&mut image);
        let _ = training.clone().resume(&mut flash);
        let (read, _) = flash.passed();
        Ok(Self { image, saved, training, written, read })
    }
}
