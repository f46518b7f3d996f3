//! Fine-tunes from an image: evaluates, makes the steps, and evaluates again.

use crate::{Accuracy, AnyOptimizer, Event, Model, Samples, StepEvent};
use rolling_ball::kernels::Kernels;
use rolling_ball::nn::{Backbone, Layer, Memory, Network, SoftmaxCrossEntropy};
use rolling_ball::{Error, Objective, Optimizer, step};

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// All the memory that a run needs besides the image: what a [`Memory`] lends, or vectors on a
/// desktop.
#[derive(Debug)]
pub struct Buffers<'a> {
    /// The parameters, which the run loads from the image.
    pub theta: &'a mut [f32],
    /// Three vectors, each as long as theta. Only Adam needs the third; for the others it may be
    /// empty.
    pub workspace: [&'a mut [f32]; 3],
    /// The scratch, `Network::SCRATCH` long.
    pub scratch: &'a mut [f32],
}

impl<'a, const N: usize, const V: usize, const S: usize> From<&'a mut Memory<N, V, S>>
    for Buffers<'a>
{
    /// A vector that does not exist is empty.
    fn from(memory: &'a mut Memory<N, V, S>) -> Self {
        let Memory { theta, vectors, scratch } = memory;
        let mut vectors = vectors.iter_mut().map(|vector| vector.as_mut_slice());
        let workspace = core::array::from_fn(|_| vectors.next().unwrap_or_default());
        Self { theta, workspace, scratch }
    }
}

/// The CRC-32 of the bits of theta.
#[must_use]
pub fn hash(theta: &[f32]) -> u32 {
    CRC.checksum(bytemuck::cast_slice(theta))
}

/// Counts how many samples a network classifies correctly.
///
/// # Errors
///
/// [`Error::Length`] where theta or the samples do not fit the network.
pub fn accuracy<L: Layer, B: Backbone, K: Kernels>(
    network: &Network<'_, L, B, K>,
    theta: &[f32],
    samples: &Samples,
    scratch: &mut [f32],
) -> Result<Accuracy, Error> {
    let mut accuracy = Accuracy { correct: 0, samples: 0 };
    for sample in samples.stream(0, samples.len()) {
        let class = network.classify(theta, &sample.input, scratch)?;
        accuracy.samples += 1;
        accuracy.correct += u32::from(class == sample.target);
    }
    Ok(accuracy)
}

/// Runs a whole image with the optimizer that it names. `clock` returns the number of instructions
/// so far, or 0 where nothing counts them; `tell` hears each event as it happens.
///
/// # Errors
///
/// Those that the settings or the samples of the image, or the optimizer, cause.
pub fn fine_tune<L: Layer, B: Backbone, K: Kernels + Copy>(
    kernels: K,
    model: &Model<'_, L, B>,
    buffers: Buffers,
    clock: impl Fn() -> u64,
    tell: impl FnMut(Event),
) -> Result<(), Error> {
    let Buffers { theta, workspace, scratch } = buffers;
    let mut optimizer = AnyOptimizer::new(kernels, &model.image.settings, workspace)?;
    fine_tune_with(kernels, model, &mut optimizer, theta, scratch, clock, tell)
}

/// Does what [`fine_tune`] does, with an optimizer of the caller's instead of the image's.
///
/// # Errors
///
/// The same as those of [`fine_tune`].
pub fn fine_tune_with<L: Layer, B: Backbone, K: Kernels + Copy, O: Optimizer + ?Sized>(
    kernels: K,
    model: &Model<'_, L, B>,
    optimizer: &mut O,
    theta: &mut [f32],
    scratch: &mut [f32],
    clock: impl Fn() -> u64,
    mut tell: impl FnMut(Event),
) -> Result<(), Error> {
    model.load(theta)?;
    let (network, image) = (&model.network.with_backend(kernels), &model.image);
    tell(Event::Before(accuracy(network, theta, &image.held_out, scratch)?));

    let count = image.labelled.len();
    let batch = match image.settings.batch as usize {
        0 => count,
        batch => batch.min(count),
    };
    let loss = SoftmaxCrossEntropy::new();
    let batch_objective = network.batch(loss, image.labelled.stream(0, batch), scratch)?;
    let mut objective = Counted { objective: batch_objective, clock: &clock, instructions: 0 };
    let mut first = 0;
    for _ in 0..image.settings.steps {
        objective.objective.set_samples(image.labelled.stream(first, batch));
        first = (first + batch) % count.max(1);

        objective.instructions = 0;
        let start = clock();
        let report = step(optimizer, &mut objective, theta)?;
        let instructions = clock() - start;
        tell(Event::Step(StepEvent {
            step: report.step,
            loss: report.loss_before,
            gradient_norm: report.gradient_norm,
            gradients: report.evaluations.gradients,
            losses: report.evaluations.losses,
            gradient_instructions: objective.instructions,
            instructions,
            hash: hash(theta),
        }));
    }
    tell(Event::After(accuracy(network, theta, &image.held_out, scratch)?));
    Ok(())
}

/// An objective that counts the instructions of its gradients.
struct Counted<J, C> {
    objective: J,
    clock: C,
    instructions: u64,
}

impl<J: Objective, C: Fn() -> u64> Objective for Counted<J, C> {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.objective.loss(theta)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        let start = (self.clock)();
        let loss = self.objective.gradient(theta, gradient);
        self.instructions += (self.clock)() - start;
        loss
    }
}
