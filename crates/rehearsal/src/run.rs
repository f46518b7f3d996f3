//! Fine-tunes from an image: evaluates, makes the steps, and evaluates again.

use crate::{Accuracy, AnyOptimizer, Event, Model, StepEvent};
use rolling_ball::kernels::Kernels;
use rolling_ball::nn::{
    Backbone, FeatureSource, Layer, Memory, Network, Samples, SoftmaxCrossEntropy, class_of,
};
use rolling_ball::{Error, Objective, Optimizer, step};

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// All the memory that a run needs besides the image: what a [`Memory`] lends, or vectors on a
/// desktop. `F` is a feature of the network's backbone, as it is kept.
#[derive(Debug)]
pub struct Buffers<'a, F = f32> {
    /// The parameters, which the run loads from the image.
    pub theta: &'a mut [f32],
    /// Three vectors, each as long as theta. Only Adam needs the third; for the others it may be
    /// empty.
    pub workspace: [&'a mut [f32]; 3],
    /// The scratch, `Network::SCRATCH` long; for the ball that needs losses only,
    /// `Network::INFERENCE_SCRATCH` is enough.
    pub scratch: &'a mut [f32],
    /// Room for the features of samples, `Network::FEATURES` long each: those of the labelled
    /// samples and then of the held-out ones. What has none is evaluated each time.
    pub features: &'a mut [F],
}

impl<'a, F> Buffers<'a, F> {
    /// The same buffers, with room for features.
    #[must_use]
    pub fn with_features(self, features: &'a mut [F]) -> Self {
        Self { features, ..self }
    }
}

impl<'a, F, const N: usize, const V: usize, const S: usize> From<&'a mut Memory<N, V, S>>
    for Buffers<'a, F>
{
    /// A vector that does not exist is empty, and so is the room for features.
    fn from(memory: &'a mut Memory<N, V, S>) -> Self {
        let Memory { theta, vectors, scratch } = memory;
        let mut vectors = vectors.iter_mut().map(|vector| vector.as_mut_slice());
        let workspace = core::array::from_fn(|_| vectors.next().unwrap_or_default());
        Self { theta, workspace, scratch, features: &mut [] }
    }
}

/// The CRC-32 of the bits of theta.
#[must_use]
pub fn hash(theta: &[f32]) -> u32 {
    CRC.checksum(bytemuck::cast_slice(theta))
}

/// Counts how many samples a network classifies correctly, and takes the CRC-32 of the bits of all
/// outputs.
///
/// # Errors
///
/// [`Error::Length`] where theta or the samples do not fit the network, [`Error::NonFiniteOutput`].
pub fn accuracy<L: Layer, B: Backbone, K: Kernels>(
    network: &Network<'_, L, B, K>,
    theta: &[f32],
    samples: impl Samples<Input: FeatureSource<B>, Target = usize>,
    scratch: &mut [f32],
) -> Result<Accuracy, Error> {
    let mut accuracy = Accuracy { correct: 0, samples: 0, outputs: 0 };
    let mut outputs = CRC.digest();
    for sample in samples.all() {
        let output = network.predict(theta, &sample.input, scratch)?;
        outputs.update(bytemuck::cast_slice(output));
        accuracy.samples += 1;
        accuracy.correct += u32::from(class_of(output)? == sample.target);
    }
    accuracy.outputs = outputs.finalize();
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
    buffers: Buffers<'_, B::Feature>,
    clock: impl Fn() -> u64,
    tell: impl FnMut(Event),
) -> Result<(), Error> {
    let Buffers { theta, workspace, scratch, features } = buffers;
    let mut optimizer = AnyOptimizer::new(kernels, &model.image.settings, theta.len(), workspace)?;
    let buffers = Buffers { theta, workspace: [&mut [], &mut [], &mut []], scratch, features };
    fine_tune_with(kernels, model, &mut optimizer, buffers, clock, tell)
}

/// Does what [`fine_tune`] does, with an optimizer of the caller's, which has its own vectors,
/// instead of the image's.
///
/// # Errors
///
/// The same as those of [`fine_tune`].
pub fn fine_tune_with<L: Layer, B: Backbone, K: Kernels + Copy, O: Optimizer + ?Sized>(
    kernels: K,
    model: &Model<'_, L, B>,
    optimizer: &mut O,
    buffers: Buffers<'_, B::Feature>,
    clock: impl Fn() -> u64,
    mut tell: impl FnMut(Event),
) -> Result<(), Error> {
    let Buffers { theta, scratch, features, .. } = buffers;
    model.load(theta)?;
    let (network, image) = (&model.network.with_backend(kernels), &model.image);

    let start = clock();
    let for_labelled = image.labelled.len().saturating_mul(Network::<L, B>::FEATURES);
    let (labelled, held_out) = features.split_at_mut(for_labelled.min(features.len()));
    let room = labelled.len() + held_out.len();
    let labelled = network.keep(image.labelled, labelled, scratch)?;
    let held_out = network.keep(image.held_out, held_out, scratch)?;
    if room > 0 {
        let instructions = clock() - start;
        let bytes = size_of::<B::Feature>().saturating_mul(room) as u32;
        tell(Event::Features { bytes, instructions });
    }
    tell(Event::Before(accuracy(network, theta, held_out, scratch)?));

    let count = labelled.len();
    let batch = match image.settings.batch as usize {
        0 => count,
        batch => batch.min(count),
    };
    let mut samples = labelled.range(0, batch);
    // An optimizer that asks for gradients is told where the scratch slice is too short for them.
    let objective = network.losses(SoftmaxCrossEntropy::new(), samples, scratch)?;
    let mut objective = Counted { objective, clock: &clock, instructions: 0 };
    for _ in 0..image.settings.steps {
        objective.objective.set_samples(samples);
        samples = samples.following();

        objective.instructions = 0;
        let start = clock();
        let report = step(optimizer, &mut objective, theta)?;
        let instructions = clock() - start;
        tell(Event::Step(StepEvent {
            step: report.step,
            loss: report.loss_before,
            gradient_norm: report.gradient_norm.unwrap_or(f32::NAN),
            gradients: report.evaluations.gradients,
            losses: report.evaluations.losses,
            gradient_instructions: objective.instructions,
            instructions,
            hash: hash(theta),
        }));
    }
    tell(Event::After(accuracy(network, theta, held_out, scratch)?));
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
