//! Learning in sessions, each a transaction: what held-out samples support of it is kept.

use crate::board::{CHECKPOINTS, Flash, info};
use crate::model::{self, Network, THETA};
use crate::sensor::{OFFSET, SCALE};
use crate::{LABELS, STEPS_A_SAVE};
use core::fmt;
use core::task::Poll;
use embedded_storage::nor_flash::ErrorType;
use rolling_ball::nn::{
    self, Credibility, FineTuning, FineTuningConfig, FineTuningReport, Quantized, SampleStore,
    SoftmaxCrossEntropy,
};
use rolling_ball::{CheckpointError, Checkpoints, Error, RollingBall};

type Ball<'a> = RollingBall<&'a mut [f32]>;
/// What the frozen layers make of a reading. They are evaluated once, and the reading is forgotten.
type Features = nn::features!(Network, 1);
type Store = SampleStore<0, LABELS, Features>;

/// Two checkpoints fit, so that a power failure while one is saved leaves the other.
const _: () = assert!(
    Checkpoints::<Flash>::bytes_with::<Ball>(
        Network::PARAMETERS,
        FineTuningConfig::words(LABELS),
        2
    ) <= (CHECKPOINTS.end - CHECKPOINTS.start) as u64
);

/// All the RAM of learning but the stack.
pub struct Memory {
    /// Theta, the two vectors of the ball, and scratch.
    training: nn::memory!(Network, 2),
    samples: Store,
    /// What is found of their labels.
    credibilities: [Credibility; LABELS],
}

impl Memory {
    /// Zeros, which take no flash.
    pub const fn new() -> Self {
        Self {
            training: nn::Memory::ZERO,
            samples: Store::new(),
            credibilities: [Credibility::NEW; LABELS],
        }
    }
}

pub struct Learner {
    network: Network,
    memory: &'static mut Memory,
    checkpoints: Checkpoints<Flash>,
    /// Is made of all readings, so that a session is not resumed with others.
    seed: u32,
}

impl Learner {
    /// Goes on with what was kept, or with what the model came with.
    pub fn new(memory: &'static mut Memory, flash: Flash) -> Result<Self, Failure> {
        let mut checkpoints = Checkpoints::new(flash, CHECKPOINTS)?;
        memory.training.theta = THETA;
        match checkpoints.resume_theta(&mut memory.training.theta) {
            Ok(Some(_)) => info!("goes on with what was kept"),
            Ok(None) => info!("nothing is saved yet"),
            // Its theta is one on the way; the session goes on when the samples are there again.
            Err(CheckpointError::Optimizer { .. }) => info!("a session was interrupted"),
            Err(error) => return Err(error.into()),
        }
        Ok(Self {
            network: model::network()?,
            memory,
            checkpoints,
            seed: 0,
        })
    }

    /// Names the class of a reading.
    pub fn classify(&mut self, input: &[u8]) -> Result<usize, Failure> {
        let nn::Memory { theta, scratch, .. } = &mut self.memory.training;
        Ok(self.network.classify(theta, &quantized(input), scratch)?)
    }

    /// Remembers a labelled reading.
    pub fn remember(&mut self, input: &[u8], class: u8) -> Result<(), Failure> {
        let memory = &mut *self.memory;
        let mut features: Features = [{{zero}}; Network::FEATURES];
        let scratch = &mut memory.training.scratch;
        self.network
            .features(&quantized(input), scratch, &mut features)?;
        memory.samples.push_with_features(&[], &features, class);
        let bytes = input.iter().chain([&class]);
        self.seed = bytes.fold(self.seed, |seed, byte| {
            (seed ^ u32::from(*byte)).wrapping_mul(16_777_619)
        });
        Ok(())
    }

    /// Learns for a session, or for what is left of an interrupted one, and calls `between` after
    /// each piece: a sample, forward and backward. Each session begins at what the model came with,
    /// and ends there where nothing is kept.
    pub fn learn(&mut self, mut between: impl FnMut()) -> Result<FineTuningReport, Failure> {
        let (network, checkpoints) = (&self.network, &mut self.checkpoints);
        let memory = &mut *self.memory;
        let (samples, known) = (memory.samples.features(network), &mut memory.credibilities);
        let nn::Memory {
            theta,
            vectors: [gradient, offset],
            scratch,
        } = &mut memory.training;
        let vectors = [&mut gradient[..], &mut offset[..]];
        let loss = SoftmaxCrossEntropy::new();
        let config = FineTuningConfig {
            seed: self.seed,
            ..FineTuningConfig::default()
        };
        let mut tuning = FineTuning::new(*network, loss, samples, &THETA, vectors, known, scratch)?
            .with_config(config)?;
        match checkpoints.resume(theta, &mut tuning) {
            Ok(Some(_)) => info!("resumed after {} steps", tuning.steps()),
            // There is none, or one of another session.
            Ok(None) => {}
            Err(CheckpointError::Optimizer { .. } | CheckpointError::Setting(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let mut saved = tuning.steps();
        let report = loop {
            match tuning.poll(theta)? {
                Poll::Ready(report) => break report,
                Poll::Pending => between(),
            }
            if tuning.steps() >= saved + STEPS_A_SAVE {
                saved = tuning.steps();
                info!("step {} of {}: saving", saved, tuning.all_steps());
                checkpoints.save(theta, &tuning)?;
            }
        };
        tell(&report, tuning.credibilities());
        checkpoints.save_theta(theta)?;
        Ok(report)
    }
}

/// Tells what was found by networks that had not learned from the samples that they judged.
fn tell(report: &FineTuningReport, credibilities: &[Credibility]) {
    let [before, .., after] = report.agreeing;
    info!("before: {} of {} are right", before, report.samples);
    info!("after: {} of {} are right", after, report.samples);
    let (mut doubtful, mut least, mut place) = (0, 1.0, 0);
    for (index, known) in credibilities.iter().enumerate() {
        doubtful += u32::from(known.label() < 0.5);
        if known.label() < least {
            (least, place) = (known.label(), index);
        }
    }
    info!(
        "{} labels seem wrong; the least credible is that of sample {}, {} %",
        doubtful,
        place,
        percent(least)
    );
}

pub fn percent(part: f32) -> u32 {
    (part * 100.0) as u32
}

fn quantized(values: &[u8]) -> Quantized<'_> {
    Quantized {
        values,
        scale: SCALE,
        offset: OFFSET,
    }
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
