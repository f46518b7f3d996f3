//! Learning in sessions: steps, a check on what was not learned from, and what is kept in flash.

use crate::board::{CHECKPOINTS, Flash, info};
use crate::model::{self, Network, THETA};
use crate::sensor::{OFFSET, SCALE};
use crate::{LABELS, STEPS, STEPS_A_SAVE};
use core::fmt;
use core::task::Poll;
use embedded_storage::nor_flash::ErrorType;
use rolling_ball::nn::{self, Quantized, SampleStore, Samples, SoftmaxCrossEntropy};
use rolling_ball::{
    CheckpointError, Checkpoints, Error, Optimizer, RollingBall, RollingBallConfig, poll_step,
};

type Ball<'a> = RollingBall<&'a mut [f32]>;
/// What the frozen layers make of a reading. They are evaluated once, and the reading is forgotten.
type Features = nn::features!(Network, 1);
type Store = SampleStore<0, { LABELS.div_ceil(2) }, Features>;

/// Two checkpoints fit, so that a power failure while one is saved leaves the other.
const _: () = assert!(
    Checkpoints::<Flash>::bytes::<Ball>(Network::PARAMETERS, 2)
        <= (CHECKPOINTS.end - CHECKPOINTS.start) as u64
);

/// All the RAM of learning but the stack.
pub struct Memory {
    /// Theta, the two vectors of the ball, theta before the session, and scratch.
    training: nn::memory!(Network, 3),
    learned: Store,
    held_out: Store,
}

impl Memory {
    /// Zeros, which take no flash.
    pub const fn new() -> Self {
        Self {
            training: nn::Memory::ZERO,
            learned: Store::new(),
            held_out: Store::new(),
        }
    }
}

pub struct Learner {
    network: Network,
    memory: &'static mut Memory,
    checkpoints: Checkpoints<Flash>,
    /// Whether the power failed in the middle of a session.
    interrupted: bool,
}

impl Learner {
    /// Goes on from what was saved, or from what the model came with.
    pub fn new(memory: &'static mut Memory, flash: Flash) -> Result<Self, Failure> {
        let mut checkpoints = Checkpoints::new(flash, CHECKPOINTS)?;
        memory.training.theta = THETA;
        let steps = checkpoints.resume_theta(&mut memory.training.theta)?;
        match steps {
            Some(steps) => info!("resumed what was saved after {} steps", steps),
            None => info!("nothing is saved yet"),
        }
        let interrupted = steps.is_some_and(|steps| (1..STEPS).contains(&steps));
        Ok(Self {
            network: model::network()?,
            memory,
            checkpoints,
            interrupted,
        })
    }

    /// Names the class of a reading.
    pub fn classify(&mut self, input: &[u8]) -> Result<usize, Failure> {
        let nn::Memory { theta, scratch, .. } = &mut self.memory.training;
        Ok(self.network.classify(theta, &quantized(input), scratch)?)
    }

    /// Remembers a labelled reading: of each class one to learn from and one to check on, in turn.
    pub fn remember(&mut self, input: &[u8], class: u8) -> Result<(), Failure> {
        let memory = &mut *self.memory;
        let mut features: Features = [{{zero}}; Network::FEATURES];
        let scratch = &mut memory.training.scratch;
        self.network
            .features(&quantized(input), scratch, &mut features)?;
        let learns = memory.learned.len_of(class) <= memory.held_out.len_of(class);
        let store = match learns {
            true => &mut memory.learned,
            false => &mut memory.held_out,
        };
        store.push_with_features(&[], &features, class);
        Ok(())
    }

    /// Learns for a session, or for what is left of an interrupted one, and calls `between` after
    /// each piece: a sample, forward and backward. Returns whether it kept what it learned: where
    /// fewer of the held-out samples are right than before, it is taken back.
    pub fn learn(&mut self, mut between: impl FnMut()) -> Result<bool, Failure> {
        let (network, checkpoints) = (&self.network, &mut self.checkpoints);
        let (learned, held_out) = (&self.memory.learned, &self.memory.held_out);
        let training = &mut self.memory.training;
        let (theta, scratch) = (&mut training.theta, &mut training.scratch);
        let [gradient, offset, old] = &mut training.vectors;
        let config = RollingBallConfig::fine_tuning(STEPS);
        let mut ball = Ball::new(config, [&mut gradient[..], &mut offset[..]])?;
        if core::mem::take(&mut self.interrupted) {
            // What the session began with went with the power: the model's own stands in for it.
            *old = THETA;
            checkpoints.resume(theta, &mut ball)?;
        } else {
            *old = *theta;
        }
        let all = held_out.len();
        let before = right(network, old, held_out, scratch)?;
        info!("before: {} of {} held out are right", before, all);
        while ball.steps() < STEPS {
            let samples = learned.features(network).all();
            let mut batch = network.batch(SoftmaxCrossEntropy::new(), samples, scratch)?;
            let report = loop {
                match poll_step(&mut ball, &mut batch, theta)? {
                    Poll::Ready(report) => break report,
                    Poll::Pending => between(),
                }
            };
            let steps = ball.steps();
            if steps < STEPS && steps.is_multiple_of(STEPS_A_SAVE) {
                info!("step {}, loss {}: saving", steps, report.loss_before);
                checkpoints.save(theta, &ball)?;
            }
        }
        let after = right(network, theta, held_out, scratch)?;
        info!("after: {} of {} held out are right", after, all);
        let keeps = after >= before;
        if !keeps {
            *theta = *old;
            ball = Ball::new(config, [&mut gradient[..], &mut offset[..]])?;
        }
        checkpoints.save(theta, &ball)?;
        Ok(keeps)
    }
}

fn quantized(values: &[u8]) -> Quantized<'_> {
    Quantized {
        values,
        scale: SCALE,
        offset: OFFSET,
    }
}

/// How many samples the network puts into their class.
fn right(
    network: &Network,
    theta: &[f32],
    samples: &Store,
    scratch: &mut [f32],
) -> Result<usize, Error> {
    let mut right = 0;
    for sample in samples.features(network).all() {
        right += usize::from(network.classify(theta, &sample.input, scratch)? == sample.target);
    }
    Ok(right)
}

/// Why it cannot go on.
pub enum Failure {
    Learning(Error),
    Saving(CheckpointError<<Flash as ErrorType>::Error>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Learning(error)
    }
}

impl From<CheckpointError<<Flash as ErrorType>::Error>> for Failure {
    fn from(error: CheckpointError<<Flash as ErrorType>::Error>) -> Self {
        Self::Saving(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Learning(error) => error.fmt(f),
            Self::Saving(error) => error.fmt(f),
        }
    }
}
