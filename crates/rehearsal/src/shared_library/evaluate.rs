//! Outputs, losses and gradients.

use super::samples::{Aimed, Labelled};
use super::{Inputs, Lent, LentMut};
use rolling_ball::nn::{
    Backbone, BinaryCrossEntropyWithLogits, FeatureSource, Huber, Layer, Loss, MeanSquaredError,
    Network, Samples, SoftmaxCrossEntropy,
};
use rolling_ball::{Error, Objective};
use std::vec;

/// The outputs that are asked for.
#[derive(Debug)]
#[repr(C)]
pub struct Outputs<'a> {
    /// The parameters.
    pub theta: Lent<'a, f32>,
    /// The inputs.
    pub inputs: Inputs<'a>,
    /// Where the outputs go, row by row: as many rows as there are inputs.
    pub outputs: LentMut<'a, f32>,
}

/// Computes the outputs for each input.
///
/// # Errors
///
/// [`Error::Length`]; [`Error::NonFiniteInput`] where an int8 backbone is given a NaN.
pub fn outputs<L: Layer, B: Backbone>(
    network: &Network<'static, L, B>,
    asked: &mut Outputs<'_>,
) -> Result<(), Error> {
    let Outputs { theta, inputs, outputs } = asked;
    let (outputs, width) = (outputs.get(), Network::<L, B>::INPUTS);
    check("outputs", inputs.count(width).saturating_mul(L::OUTPUTS), outputs.len())?;
    let mut scratch = vec![0.0; Network::<L, B>::INFERENCE_SCRATCH];
    for (index, place) in (0..).zip(outputs.chunks_mut(L::OUTPUTS)) {
        let row = inputs.row(width, index).ok_or(Error::NoSamples)?;
        place.copy_from_slice(network.predict(theta.get(), &row, &mut scratch)?);
    }
    Ok(())
}

/// The loss that is asked for, and its gradient.
#[derive(Debug)]
#[repr(C)]
pub struct Gradient<'a> {
    /// The parameters.
    pub theta: Lent<'a, f32>,
    /// The inputs.
    pub inputs: Inputs<'a>,
    /// For [`CROSS_ENTROPY`](Self::CROSS_ENTROPY): the class of each input.
    pub labels: Lent<'a, u32>,
    /// For the other losses: as many numbers for each input as there are outputs.
    pub targets: Lent<'a, f32>,
    /// Which loss.
    pub kind: u32,
    /// For [`HUBER`](Self::HUBER): the largest slope.
    pub delta: f32,
    /// Where the mean of the gradients goes; empty where only the loss is wanted.
    pub gradient: LentMut<'a, f32>,
    /// Where the mean of the losses goes.
    pub loss: LentMut<'a, f32>,
}

impl Gradient<'_> {
    /// Softmax cross-entropy.
    pub const CROSS_ENTROPY: u32 = 0;
    /// Mean squared error.
    pub const SQUARED_ERROR: u32 = 1;
    /// Binary cross-entropy of logits.
    pub const BINARY_CROSS_ENTROPY: u32 = 2;
    /// Huber's loss.
    pub const HUBER: u32 = 3;
}

/// Computes the mean loss over the inputs, and its gradient.
///
/// # Errors
///
/// [`Error::Length`], [`Error::Class`], [`Error::NoSamples`], [`Error::Setting`].
pub fn gradient<L: Layer, B: Backbone>(
    network: &Network<'static, L, B>,
    asked: &mut Gradient<'_>,
) -> Result<(), Error> {
    let Gradient { inputs, labels, targets, kind, delta, .. } = asked;
    let (inputs, width, outputs) = (*inputs, Network::<L, B>::INPUTS, L::OUTPUTS);
    let labelled = Labelled { inputs, width, labels: labels.get() };
    let aimed = Aimed { inputs, width, targets: targets.get(), outputs };
    match *kind {
        Gradient::CROSS_ENTROPY => mean(network, SoftmaxCrossEntropy::new(), labelled, asked),
        Gradient::SQUARED_ERROR => mean(network, MeanSquaredError, aimed, asked),
        Gradient::BINARY_CROSS_ENTROPY => {
            mean(network, BinaryCrossEntropyWithLogits::new(), aimed, asked)
        }
        Gradient::HUBER => mean(network, Huber::new(*delta)?, aimed, asked),
        kind => {
            let (name, value) = ("loss", kind as f32);
            Err(Error::Setting { name, value, expected: "the number of a loss" })
        }
    }
}

/// How many samples a gradient evaluates at once: enough for tiles of products, and little memory.
const AT_ONCE: usize = 32;

fn mean<L: Layer, B: Backbone, S: Samples<Input: FeatureSource<B>>>(
    network: &Network<'static, L, B>,
    loss: impl Loss<S::Target>,
    samples: S,
    asked: &mut Gradient<'_>,
) -> Result<(), Error> {
    check("labels or targets", asked.inputs.count(Network::<L, B>::INPUTS), samples.len())?;
    let mut scratch = vec![0.0; Network::<L, B>::scratch(AT_ONCE.min(samples.len().max(1)))];
    let mut batch = network.batch(loss, samples.all(), &mut scratch)?;
    let (theta, gradient) = (asked.theta.get(), asked.gradient.get());
    let value = match gradient {
        [] => batch.loss(theta)?,
        gradient => batch.gradient(theta, gradient)?,
    };
    asked.loss.get().fill(value);
    Ok(())
}

/// Checks that there are as many values as there must be.
pub(super) fn check(what: &'static str, expected: usize, actual: usize) -> Result<(), Error> {
    if expected == actual { Ok(()) } else { Err(Error::Length { what, expected, actual }) }
}
