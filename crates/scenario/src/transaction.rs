//! Spoken digits of a new speaker as a transaction, some of whose labels are wrong: the same on the
//! desktop and on a device, told in one line.

use crate::{Speakers, SpeakersTail};
use core::fmt;
use rolling_ball::Error;
use rolling_ball::kernels::Kernels;
use rolling_ball::nn::{self, Credibility, FineTuning, SoftmaxCrossEntropy};
use rolling_ball_rehearsal::{Image, accuracy, hash, whole};

/// The most clips that there is memory for.
pub const CLIPS: usize = 50;

/// All the memory that [`learn`] needs.
#[derive(Debug)]
pub struct Memory {
    network: nn::memory!(Speakers, 2),
    credibilities: [Credibility; CLIPS],
}

impl Memory {
    /// Nothing is known yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { network: nn::Memory::ZERO, credibilities: [Credibility::NEW; CLIPS] }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// What a transaction came to. It is written without its instructions, which differ from core to
/// core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learned {
    /// Held-out clips that are heard right before.
    pub before: u32,
    /// And after.
    pub after: u32,
    /// All held-out clips.
    pub held_out: u32,
    /// How much of the move was kept.
    pub kept: f32,
    /// The instructions of it all, without the tests.
    pub instructions: u64,
    /// The CRC-32 of the bits of theta.
    pub theta: u32,
    /// The CRC-32 of the bits of the labels' credibilities.
    pub labels: u32,
}

impl fmt::Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, after, held_out, kept, theta, labels, .. } = self;
        write!(
            f,
            "transaction before {before} after {after} of {held_out} kept {} theta {theta} labels \
             {labels}",
            // A float's decimals take 22 KB of flash.
            kept.to_bits()
        )
    }
}

/// Fine-tunes on the labelled clips of an image. `clock` returns the instructions so far.
///
/// # Errors
///
/// [`Error::Length`] where there are more clips than [`CLIPS`], and what the clips cause.
pub fn learn<K: Kernels + Copy + Default>(
    kernels: K,
    image: &Image,
    memory: &mut Memory,
    clock: fn() -> u64,
) -> Result<Learned, Error> {
    let Memory { network: nn::Memory { theta, vectors, scratch }, credibilities } = memory;
    let network = whole::<SpeakersTail>(image)?.network.with_backend(kernels);
    let before = accuracy(&network, image.weights, image.held_out, scratch)?;
    let begun = clock();
    let (samples, start, loss) = (image.labelled, image.weights, SoftmaxCrossEntropy::new());
    let vectors = vectors.each_mut();
    let mut tuning =
        FineTuning::new(network, loss, samples, start, vectors, credibilities, scratch)?;
    let report = tuning.finish(theta)?;
    let instructions = clock().wrapping_sub(begun);
    let mut labels = [0.0; CLIPS];
    for (label, known) in labels.iter_mut().zip(tuning.credibilities()) {
        *label = known.label();
    }
    let after = accuracy(&network, theta, image.held_out, scratch)?;
    Ok(Learned {
        before: before.correct,
        after: after.correct,
        held_out: after.samples,
        kept: report.kept,
        instructions,
        theta: hash(theta),
        labels: hash(&labels),
    })
}
